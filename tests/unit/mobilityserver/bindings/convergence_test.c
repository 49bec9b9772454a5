// SPDX-License-Identifier: BSD-3-Clause
/*
 * architecture.md 2 as a model: an owner changes bindings, crashes and comes back; feed and catch-up lose and delay
 * messages; a reference receiver follows. Whatever the seed, no withdrawn key comes back, and once nothing is lost any
 * more the receiver holds what the owner holds.
 */
#include <stdio.h>

#include "binding_owner.h"
#include "randomness.h"
#include "reference_receiver.h"
#include "vectors.h"

enum { KEYS = 120, SHARDS = 3, STEPS = 3000, SEEDS = 30, HISTORY = 64, CREDIT = 2 };

struct model {
	struct owner owner;
	struct receiver receiver;
	struct randomness_seeded seeded;
	struct randomness *random;
	uint8_t care_of[KEYS]; /* what is durable; 0: not bound */
	uint32_t epoch;
	bool lossy;
};

static bool chance(struct model *model, unsigned percent)
{
	return randomness_below(model->random, 100) < percent;
}

static void change_something(struct model *model)
{
	unsigned number = randomness_below(model->random, KEYS);

	if (chance(model, 35)) {
		owner_withdraw(&model->owner, number);
		model->care_of[number] = 0;
	} else {
		model->care_of[number] = (uint8_t)(1 + randomness_below(model->random, 250));
		owner_set(&model->owner, number, SHARDS, model->care_of[number]);
	}
	if (chance(model, 60))
		owner_turn(&model->owner);
}

static void deliver_feed(struct model *model)
{
	struct owner_message message;
	struct wire_view views[2];

	if (!owner_take(&model->owner.feed, &message))
		return;
	if (!model->lossy || !chance(model, 25))
		receiver_feed(&model->receiver, views, owner_views(&message, views));
	owner_message_free(&message);
}

static void give_credit(struct model *model, const struct catch_up_message *answer, uint32_t amount)
{
	const struct catch_up_message credit = {
	        .kind = CATCH_UP_CREDIT, .shard = answer->shard, .request = answer->request, .amount = amount};

	owner_ask(&model->owner, &credit, 1);
}

static void deliver_answer(struct model *model)
{
	struct catch_up_message answer;
	struct owner_message message;
	struct wire_view views[2];
	size_t count;
	uint32_t amount;

	if (!owner_take(&model->owner.answers, &message))
		return;
	count = owner_views(&message, views);
	assert_int_equal(catch_up_message_read(views, count, &answer), 0);
	if (model->lossy && chance(model, 4)) { /* the connection breaks: what is under way is lost */
		receiver_give_up(&model->receiver, answer.shard);
	} else if (!model->lossy || !chance(model, 4)) { /* else one message is lost, and nobody says so */
		amount = receiver_answer(&model->receiver, views, count);
		if (amount)
			give_credit(model, &answer, amount);
	}
	owner_message_free(&message);
}

static void ask(struct model *model)
{
	struct catch_up_message message;

	for (unsigned shard = 0; shard < FEED_SHARDS; shard++)
		if (receiver_wants(&model->receiver, (uint8_t)shard, CREDIT, &message))
			owner_ask(&model->owner, &message, 1);
}

/* A new run of the owner: what is durable is loaded, what was under way is lost. */
static void restart_owner(struct model *model)
{
	owner_end(&model->owner);
	owner_start(&model->owner, ++model->epoch, HISTORY);
	for (unsigned number = 0; number < KEYS; number++)
		if (model->care_of[number])
			owner_set(&model->owner, number, SHARDS, model->care_of[number]);
	assert_int_equal(effects_count(model->owner.effects, EFFECT_PUBLISH), 0);
	bindings_serve(model->owner.bindings, &model->owner.now);
	for (unsigned shard = 0; shard < FEED_SHARDS; shard++)
		receiver_give_up(&model->receiver, (uint8_t)shard);
}

/* More changes than the history holds, all of them lost. */
static void go_deaf(struct model *model)
{
	struct owner_message message;

	for (int i = 0; i < 20000; i++) {
		change_something(model);
		owner_turn(&model->owner);
		while (owner_take(&model->owner.feed, &message))
			owner_message_free(&message);
	}
}

static void step(struct model *model)
{
	unsigned what = randomness_below(model->random, 1000);

	if (what < 400)
		change_something(model);
	else if (what < 650)
		deliver_feed(model);
	else if (what < 850)
		deliver_answer(model);
	else if (what < 950)
		ask(model);
	else if (what < 970)
		owner_pass(&model->owner, 200);
	else if (what < 990) /* nothing came for a while */
		receiver_give_up(&model->receiver, (uint8_t)randomness_below(model->random, SHARDS));
	else if (what < 995)
		restart_owner(model);
	else if (what < 996)
		receiver_start(&model->receiver);
	assert_int_equal(model->receiver.came_back, 0);
}

static void settle(struct model *model)
{
	model->lossy = false;
	owner_turn(&model->owner);
	for (unsigned shard = 0; shard < FEED_SHARDS; shard++)
		receiver_give_up(&model->receiver, (uint8_t)shard);
	for (int round = 0; round < 20; round++) {
		owner_pass(&model->owner, BINDINGS_HEARTBEAT_MS);
		while (model->owner.feed.count)
			deliver_feed(model);
		ask(model);
		while (model->owner.answers.count)
			deliver_answer(model);
	}
}

static void assert_same(struct model *model)
{
	size_t bound = 0;

	for (unsigned shard = 0; shard < FEED_SHARDS; shard++)
		assert_true(receiver_is_complete(&model->receiver, (uint8_t)shard));
	for (unsigned number = 0; number < KEYS; number++) {
		struct binding_key key = owner_key(number);
		const struct feed_row *row = receiver_find(&model->receiver, &key);

		bound += model->care_of[number] != 0;
		assert_int_equal(row != NULL, model->care_of[number] != 0);
		if (row)
			assert_int_equal(row->care_of_address[15], model->care_of[number]);
	}
	assert_int_equal(receiver_count(&model->receiver), bound);
	assert_int_equal(bindings_count(model->owner.bindings), bound);
}

static void any_seed_converges(void **state)
{
	static struct model model;
	uint32_t snapshots = 0;
	uint32_t change_answers = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		memset(&model, 0, sizeof(model));
		print_message("seed %d\n", (int)seed);
		model.random = randomness_seeded_start(&model.seeded, seed);
		model.lossy = true;
		model.epoch = 7;
		owner_start(&model.owner, model.epoch, HISTORY);
		bindings_serve(model.owner.bindings, &model.owner.now);
		receiver_start(&model.receiver);
		for (int i = 0; i < STEPS; i++)
			step(&model);
		if (seed % 10 == 0)
			go_deaf(&model);
		settle(&model);
		assert_same(&model);
		snapshots += model.receiver.snapshots;
		change_answers += model.receiver.change_answers;
		owner_end(&model.owner);
	}
	/* both ways were gone */
	assert_true(snapshots > SEEDS && change_answers > SEEDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any_seed_converges)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
