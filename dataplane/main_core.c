// SPDX-License-Identifier: BSD-3-Clause
/*
 * main_core - the main lcore's loop: the one writer of the table. Feed first, then catch-up, injections, punts,
 * commands; then what time asks for. It waits in zmq_poll for a millisecond at most, so that punts do not wait longer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <zmq.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "announcing.h"
#include "idling.h"
#include "metrics_socket.h"
#include "plane_operator.h"
#include "table_writer.h"

enum {
	PUNTS_A_TURN = 256,
	HOST_FRAMES_A_TURN = 128,
	COMMANDS_A_TURN = 4,
	RECLAIMS_A_TURN = 4096,
	WAIT_MS = 1,
	PUNT_STALE_MS = 1000,
	SECOND_MS = 1000,
	LONG_TURN_US = 5000,
};

static uint64_t now_ms_of(const struct dataplane *dataplane)
{
	return dataplane_ms_of(dataplane, rte_rdtsc());
}

static uint64_t unix_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* From the bus */

static void feed_came(void *context, const struct wire_view *frames, size_t count)
{
	struct dataplane *dataplane = context;

	feed_receiver_feed(dataplane->receiver, frames, count, now_ms_of(dataplane));
}

static void catch_up_came(void *context, const struct wire_view *frames, size_t count)
{
	struct dataplane *dataplane = context;

	feed_receiver_catch_up(dataplane->receiver, frames, count, now_ms_of(dataplane));
}

static void connection_broke(void *context)
{
	struct dataplane *dataplane = context;

	feed_receiver_disconnected(dataplane->receiver);
}

static void drop_here(struct dataplane *dataplane, struct rte_mbuf *buffer, enum drop_reason reason)
{
	counter_add(&dataplane->main_counters.drops[reason], 1);
	rte_pktmbuf_free(buffer);
}

/* To the first worker; what it cannot take is dropped by name, and counts as injected here. */
static void hand_to_worker(struct dataplane *dataplane, struct rte_mbuf *buffer)
{
	if (rte_ring_enqueue(dataplane->workers[0]->injected, buffer) == 0) {
		idling_wake(dataplane->workers[0]);
		return;
	}
	counter_add(&dataplane->main_counters.injected, 1);
	drop_here(dataplane, buffer, DROP_inject_queue_full);
}

static void injection_came(void *context, const struct punt_down *down)
{
	struct dataplane *dataplane = context;
	struct rte_mbuf *buffer = rte_pktmbuf_alloc(dataplane->pool);
	char *place = buffer ? rte_pktmbuf_append(buffer, (uint16_t)down->packet.octets) : NULL;

	if (!place) {
		counter_add(&dataplane->main_counters.injected, 1);
		counter_add(&dataplane->main_counters.drops[DROP_no_buffer], 1);
		rte_pktmbuf_free(buffer);
		return;
	}
	memcpy(place, down->packet.bytes, down->packet.octets);
	if (feed_receiver_has(dataplane->receiver, down->shard, down->not_before)) {
		hand_to_worker(dataplane, buffer);
	} else if (dataplane->waiting_count == WAITING_INJECTIONS_MAX) {
		counter_add(&dataplane->main_counters.injected, 1);
		drop_here(dataplane, buffer, DROP_inject_queue_full);
	} else {
		dataplane->waiting[dataplane->waiting_count++] = (struct waiting_injection){
		        .buffer = buffer,
		        .shard = down->shard,
		        .not_before = down->not_before,
		        .until_ms = now_ms_of(dataplane) + NOT_BEFORE_MS,
		};
	}
}

/* "Not before": sent once the version is applied, or after 50 ms all the same (counted). */
static void look_at_waiting(struct dataplane *dataplane, uint64_t now_ms)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < dataplane->waiting_count; i++) {
		struct waiting_injection *waiting = &dataplane->waiting[i];
		bool has = feed_receiver_has(dataplane->receiver, waiting->shard, waiting->not_before);

		if (!has && now_ms < waiting->until_ms) {
			dataplane->waiting[kept++] = *waiting;
			continue;
		}
		dataplane->not_before_timeouts += !has;
		if (!has)
			plane_log(&dataplane->log, PLANE_LOG_DEBUG, "an answer did not wait longer for shard %u",
			          waiting->shard);
		hand_to_worker(dataplane, waiting->buffer);
	}
	dataplane->waiting_count = kept;
}

/* The receiver's outlet */

static int ask(void *context, struct wire_view frame)
{
	struct dataplane *dataplane = context;

	return bus_client_ask(dataplane->bus, frame);
}

static bool resolve(void *context, const struct feed_row *row, struct binding_record *record)
{
	const struct dataplane *dataplane = context;
	const struct service_prefix *prefix = service_prefix_of(&dataplane->forwarding.prefixes, &record->key);

	forwarding_resolve(&dataplane->forwarding, row->inner_mtu_bytes, record);
	return prefix && prefix->key_length == row->key_length;
}

static void tell_event(struct dataplane *dataplane, const struct punt_event_report *event)
{
	uint8_t body[PUNT_EVENT_OCTETS];
	struct wire_writer writer = wire_writer_of(body, sizeof(body));

	punt_event_write(&writer, event);
	bus_client_report(dataplane->bus, PUNT_EVENT, unix_ms(), (struct wire_view){body, wire_written(&writer)});
}

static const char *const trouble_texts[] = {
        [RECEIVER_TABLE_FULL] = "the table is full (bindings-max)",
        [RECEIVER_KEY_CONFLICT] = "bound with another shard",
        [RECEIVER_NO_MEMORY] = "the table has to grow, and there is no memory for it",
};

static void log_trouble(struct dataplane *dataplane, enum receiver_trouble trouble, const struct feed_row *row)
{
	char text[KEY_TEXT_OCTETS];
	struct in6_addr key;

	memcpy(&key, row->key, sizeof(key));
	plane_log(&dataplane->log, PLANE_LOG_WARNING, "binding of %s is refused: %s",
	          plane_key_text(dataplane, &key, text), trouble_texts[trouble]);
}

/* One event a second says enough: a full table refuses row after row, and the counters hold how many. */
static void trouble(void *context, enum receiver_trouble trouble, const struct feed_row *row)
{
	struct dataplane *dataplane = context;
	uint64_t now_ms = now_ms_of(dataplane);
	struct punt_event_report event = {
	        .event = trouble == RECEIVER_KEY_CONFLICT ? PUNT_EVENT_KEY_CONFLICT : PUNT_EVENT_TABLE_FULL,
	        .shard = row->shard,
	        .key_length = row->key_length,
	};

	if (now_ms < dataplane->trouble_told_ms + SECOND_MS)
		return;
	dataplane->trouble_told_ms = now_ms;
	memcpy(event.key, row->key, sizeof(event.key));
	log_trouble(dataplane, trouble, row);
	tell_event(dataplane, &event);
}

/* From the workers */

static void log_path_mtu(struct dataplane *dataplane, const struct punt_note *note)
{
	char key[KEY_TEXT_OCTETS], care_of[INET6_ADDRSTRLEN];

	plane_log(&dataplane->log, PLANE_LOG_INFO, "path MTU %u to %s, care-of address of %s", note->path_mtu_bytes,
	          inet_ntop(AF_INET6, &note->care_of_address, care_of, sizeof(care_of)),
	          plane_key_text(dataplane, &note->key, key));
}

static void learn_path_mtu(struct dataplane *dataplane, const struct punt_note *note)
{
	struct binding_entry *entry = table_writer_find(dataplane->forwarding.table, &note->key);
	struct punt_path_mtu report = {
	        .path_mtu_bytes = note->path_mtu_bytes, .port = note->port, .tunnel_kind = note->tunnel_kind};
	uint8_t body[PUNT_PATH_MTU_OCTETS];
	struct wire_writer writer = wire_writer_of(body, sizeof(body));
	const struct binding_cold *cold;
	struct in6_addr care_of_address;

	if (!entry)
		return;
	care_of_address = shared_address_load(&entry->care_of_address);
	if (!note->is_other_way &&
	    (!in6_is_equal(&care_of_address, &note->care_of_address) || binding_port_load(entry) != note->port))
		return; /* of a path that the node has left meanwhile */
	cold = binding_table_cold(dataplane->forwarding.table, entry);
	if (!note->is_other_way)
		table_writer_lower_mtu(entry, forwarding_carried(note->path_mtu_bytes, note->tunnel_kind));
	log_path_mtu(dataplane, note);
	report.shard = cold->shard;
	report.key_length = cold->key_length;
	memcpy(report.key, &note->key, sizeof(report.key));
	memcpy(report.care_of_address, &note->care_of_address, sizeof(report.care_of_address));
	punt_path_mtu_write(&writer, &report);
	bus_client_report(dataplane->bus, PUNT_PATH_MTU, unix_ms(), (struct wire_view){body, wire_written(&writer)});
}

/* M-17: the control plane tells all data planes, to some of which no packet of the node may come. */
static void tell_verified(struct dataplane *dataplane, const struct punt_note *note)
{
	const struct binding_entry *entry = table_writer_find(dataplane->forwarding.table, &note->key);
	struct punt_event_report event = {.event = PUNT_EVENT_CARE_OF_VERIFIED};
	const struct binding_cold *cold;
	struct in6_addr care_of_address;

	if (!entry)
		return;
	care_of_address = shared_address_load(&entry->care_of_address);
	if (!in6_is_equal(&care_of_address, &note->care_of_address))
		return; /* the node has gone on */
	cold = binding_table_cold(dataplane->forwarding.table, entry);
	event.shard = cold->shard;
	event.key_length = cold->key_length;
	event.value = cold->sequence;
	memcpy(event.key, &note->key, sizeof(event.key));
	tell_event(dataplane, &event);
}

static void punt_packet(struct dataplane *dataplane, struct rte_mbuf *buffer, const struct punt_note *note,
                        uint64_t now_ms)
{
	struct wire_view packet = {rte_pktmbuf_mtod(buffer, const uint8_t *), rte_pktmbuf_data_len(buffer)};
	uint64_t waited_ms = now_ms > note->received_ms ? now_ms - note->received_ms : 0;

	if (waited_ms > PUNT_STALE_MS) {
		drop_here(dataplane, buffer, DROP_punt_stale);
	} else if (bus_client_punt_packet(dataplane->bus, note->packet_class, unix_ms() - waited_ms, packet)) {
		drop_here(dataplane, buffer, DROP_punt_disconnected);
	} else {
		counter_add(&dataplane->main_counters.punted, 1);
		rte_pktmbuf_free(buffer);
	}
}

static bool serve_punts(struct dataplane *dataplane, uint64_t now_ms)
{
	bool more = false;

	for (unsigned i = 0; i < dataplane->worker_count; i++) {
		struct rte_mbuf *buffers[PUNTS_A_TURN];
		unsigned count =
		        rte_ring_dequeue_burst(dataplane->workers[i]->punts, (void **)buffers, PUNTS_A_TURN, NULL);

		more |= count == PUNTS_A_TURN;
		for (unsigned j = 0; j < count; j++) {
			struct punt_note note;

			memcpy(&note, rte_pktmbuf_mtod(buffers[j], const void *), sizeof(note));
			rte_pktmbuf_adj(buffers[j], sizeof(note));
			if (note.kind == PUNT_NOTE_PACKET) {
				punt_packet(dataplane, buffers[j], &note, now_ms);
				continue;
			}
			if (note.kind == PUNT_NOTE_PATH_MTU)
				learn_path_mtu(dataplane, &note);
			else
				tell_verified(dataplane, &note);
			rte_pktmbuf_free(buffers[j]);
		}
	}
	return more;
}

/* To and from the host's kernel */

static void send_to_host(struct dataplane *dataplane, struct rte_mbuf *frame)
{
	if (rte_eth_tx_burst(dataplane->hosts[frame->port].device, 0, &frame, 1))
		counter_add(&dataplane->main_counters.to_host, 1);
	else
		drop_here(dataplane, frame, DROP_host_queue_full);
}

/* All that the kernel sends goes to the first worker: it is little, and stays in order. */
static unsigned take_from_host(struct dataplane *dataplane, unsigned port)
{
	struct rte_mbuf *frames[BURST_MAX];
	unsigned count = rte_eth_rx_burst(dataplane->hosts[port].device, 0, frames, BURST_MAX);

	for (unsigned i = 0; i < count; i++) {
		frames[i]->port = (uint16_t)port;
		if (rte_ring_enqueue(dataplane->workers[0]->from_host, frames[i]) == 0)
			continue;
		counter_add(&dataplane->main_counters.from_host, 1);
		drop_here(dataplane, frames[i], DROP_host_queue_full);
	}
	if (count)
		idling_wake(dataplane->workers[0]);
	return count;
}

/* True when something moved, and more may come at once. */
static bool serve_hosts(struct dataplane *dataplane)
{
	struct rte_mbuf *frames[HOST_FRAMES_A_TURN];
	unsigned all = 0;

	for (unsigned i = 0; i < dataplane->worker_count && dataplane->workers[i]->to_host; i++) {
		unsigned count = rte_ring_dequeue_burst(dataplane->workers[i]->to_host, (void **)frames,
		                                        HOST_FRAMES_A_TURN, NULL);

		for (unsigned j = 0; j < count; j++)
			send_to_host(dataplane, frames[j]);
		all += count;
	}
	for (unsigned port = 0; port < dataplane->forwarding.port_count; port++)
		if (dataplane->hosts[port].is_there)
			all += take_from_host(dataplane, port);
	return all;
}

/* What time asks for */

static void send_usage(struct dataplane *dataplane)
{
	if (!dataplane->usage_rows)
		return;
	bus_client_report(dataplane->bus, PUNT_USAGE, unix_ms(),
	                  (struct wire_view){dataplane->usage_body,
	                                     PUNT_USAGE_HEAD_OCTETS + dataplane->usage_rows * PUNT_USAGE_ROW_OCTETS});
	dataplane->usage_rows = 0;
}

static void add_usage_row(struct dataplane *dataplane, const struct in6_addr *key, const struct binding_cold *cold,
                          struct feed_version version)
{
	struct wire_writer writer = wire_writer_of(dataplane->usage_body, sizeof(dataplane->usage_body));
	struct punt_usage_row row = {
	        .shard = cold->shard,
	        .key_length = cold->key_length,
	        .version = version,
	        .up_packets = cold->totals.up_packets,
	        .up_octets = cold->totals.up_octets,
	        .down_packets = cold->totals.down_packets,
	        .down_octets = cold->totals.down_octets,
	};

	memcpy(row.key, key, sizeof(row.key));
	punt_usage_begin_write(&writer, dataplane->boot);
	writer.at += dataplane->usage_rows * PUNT_USAGE_ROW_OCTETS;
	punt_usage_row_write(&writer, &row);
	if (++dataplane->usage_rows == PUNT_USAGE_ROWS_MAX)
		send_usage(dataplane);
}

static void report_usage(void *context, const struct in6_addr *key, const struct binding_cold *cold)
{
	add_usage_row(context, key, cold, (struct feed_version){cold->epoch, cold->sequence});
}

/* The binding was withdrawn: that is all that it counted. */
static void report_final_usage(void *context, const struct in6_addr *key, const struct binding_cold *cold)
{
	const struct binding_totals *totals = &cold->totals;

	if (totals->up_packets || totals->down_packets)
		add_usage_row(context, key, cold, (struct feed_version){0});
}

/* C-5: what the control plane shows of this data plane. */
static void report_status(struct dataplane *dataplane)
{
	const struct feed_receiver_counters *counters = feed_receiver_counters(dataplane->receiver);
	struct punt_status status = {
	        .boot = dataplane->boot,
	        .in_sync = feed_receiver_in_sync(dataplane->receiver),
	        .lag_rows = feed_receiver_lag(dataplane->receiver),
	        .rows_applied = counters->rows_set + counters->rows_withdrawn,
	        .gaps = counters->gaps,
	        .asks = counters->asks,
	        .snapshots = counters->snapshots,
	        .bindings = binding_table_count(dataplane->forwarding.table),
	        .rows_waiting = feed_receiver_refused(dataplane->receiver),
	};
	uint8_t body[PUNT_STATUS_OCTETS_MAX];
	struct wire_writer writer = wire_writer_of(body, sizeof(body));
	unsigned shards, complete;

	feed_receiver_summary(dataplane->receiver, &shards, &complete);
	status.shards = (uint16_t)shards;
	status.shards_complete = (uint16_t)complete;
	snprintf(status.name, sizeof(status.name), "%s", dataplane->configuration.name);
	punt_status_write(&writer, &status);
	bus_client_report(dataplane->bus, PUNT_STATUS, unix_ms(), (struct wire_view){body, wire_written(&writer)});
}

static void watch_sync(struct dataplane *dataplane)
{
	bool in_sync = feed_receiver_in_sync(dataplane->receiver);
	struct punt_event_report event = {
	        .event = in_sync ? PUNT_EVENT_IN_SYNC : PUNT_EVENT_OUT_OF_SYNC,
	        .value = binding_table_count(dataplane->forwarding.table),
	};

	if (in_sync == dataplane->was_in_sync)
		return;
	dataplane->was_in_sync = in_sync;
	plane_log(&dataplane->log, PLANE_LOG_NOTICE, "%s, %zu bindings", in_sync ? "in sync" : "out of sync",
	          binding_table_count(dataplane->forwarding.table));
	tell_event(dataplane, &event);
}

static void look_at_workers(struct dataplane *dataplane)
{
	for (unsigned i = 0; i < dataplane->worker_count; i++) {
		struct worker_pace *pace = &dataplane->paces[i];
		struct worker_load now = worker_load_now(dataplane->workers[i]);

		pace->second = (struct worker_load){
		        .packets = now.packets - pace->at.packets,
		        .busy_cycles = now.busy_cycles - pace->at.busy_cycles,
		        .all_cycles = now.all_cycles - pace->at.all_cycles,
		};
		pace->at = now;
	}
}

static void keep_time(struct dataplane *dataplane, uint64_t now_ms)
{
	expiry_tick(&dataplane->expiry, now_ms);
	feed_receiver_tick(dataplane->receiver, now_ms);
	look_at_waiting(dataplane, now_ms);
	table_writer_reclaim(dataplane->forwarding.table, RECLAIMS_A_TURN, report_final_usage, dataplane);
	usage_sweep(&dataplane->usage, dataplane->forwarding.table, now_ms, report_usage, dataplane);
	watch_sync(dataplane);
	announcing_watch(dataplane, now_ms);
	if (now_ms < dataplane->last_second_ms + SECOND_MS)
		return;
	dataplane->last_second_ms = now_ms;
	send_usage(dataplane);
	report_status(dataplane);
	look_at_workers(dataplane);
	neighbour_age(&dataplane->neighbours, dataplane->qsbr, now_ms);
}

static uint64_t own_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/* A turn took this long by the clock, and this much of it was our own. */
static void count_turn(struct main_core_turns *turns, uint64_t passed_us, uint64_t worked_us)
{
	turns->turns++;
	if (passed_us > turns->longest_turn_us)
		turns->longest_turn_us = passed_us;
	if (worked_us > LONG_TURN_US)
		turns->turns_over_5_ms++;
	else if (passed_us > LONG_TURN_US)
		turns->turns_preempted++;
}

int main_core_open(struct dataplane *dataplane, void *zeromq_context, char error[ERROR_OCTETS])
{
	const struct bus_client_handlers handlers = {
	        .context = dataplane,
	        .feed = feed_came,
	        .catch_up = catch_up_came,
	        .down = injection_came,
	        .disconnected = connection_broke,
	};
	const struct receiver_outlet outlet = {
	        .context = dataplane, .ask = ask, .resolve = resolve, .trouble = trouble};
	char folder[FOLDER_OCTETS + 8];

	snprintf(folder, sizeof(folder), "%s/bus", dataplane->configuration.sockets);
	dataplane->bus = bus_client_new(zeromq_context, folder, &handlers);
	dataplane->receiver = feed_receiver_new(dataplane->forwarding.table, &dataplane->expiry,
	                                        dataplane->configuration.handover_grace_ms, &outlet);
	if (!dataplane->bus || !dataplane->receiver) {
		snprintf(error, ERROR_OCTETS, "the channels to the control plane in %s: %s", folder, strerror(errno));
		return -EIO;
	}
	if (dataplane->configuration.metrics[0] &&
	    metrics_socket_open(dataplane->configuration.metrics, plane_metrics, dataplane, &dataplane->metrics, error))
		return -EIO;
	return command_socket_open(zeromq_context, dataplane->configuration.sockets, dataplane->configuration.name,
	                           plane_commands, plane_command_count, plane_audit, dataplane, &dataplane->commands,
	                           error);
}

void main_core_run(struct dataplane *dataplane)
{
	zmq_pollitem_t items[BUS_CLIENT_SOCKETS + COMMAND_SOCKETS] = {0};
	void *sockets[BUS_CLIENT_SOCKETS + COMMAND_SOCKETS];
	const struct punt_event_report started = {.event = PUNT_EVENT_STARTED, .value = dataplane->boot};

	bus_client_sockets(dataplane->bus, sockets);
	command_socket_sockets(dataplane->commands, sockets + BUS_CLIENT_SOCKETS);
	for (unsigned i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		items[i] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
	tell_event(dataplane, &started);
	while (!dataplane->stopping) {
		uint64_t begun_tsc = rte_rdtsc(), begun_us = own_us();
		bool more = bus_client_serve(dataplane->bus);
		uint64_t now_ms = now_ms_of(dataplane);

		more |= serve_punts(dataplane, now_ms);
		more |= serve_hosts(dataplane);
		more |= watcher_serve(dataplane, now_ms);
		command_socket_serve(dataplane->commands, COMMANDS_A_TURN);
		if (dataplane->metrics)
			metrics_socket_serve(dataplane->metrics);
		if (dataplane->reloading) {
			dataplane->reloading = false;
			dataplane_reload(dataplane);
		}
		keep_time(dataplane, now_ms);
		if (dataplane->ending && announcing_may_end(dataplane, now_ms))
			dataplane->stopping = true;
		count_turn(&dataplane->turns, (rte_rdtsc() - begun_tsc) * 1000000 / rte_get_tsc_hz(),
		           own_us() - begun_us);
		if (!more)
			zmq_poll(items, sizeof(items) / sizeof(items[0]), WAIT_MS);
	}
}

void main_core_close(struct dataplane *dataplane)
{
	for (unsigned i = 0; i < dataplane->waiting_count; i++)
		rte_pktmbuf_free(dataplane->waiting[i].buffer);
	command_socket_close(dataplane->commands);
	metrics_socket_close(dataplane->metrics);
	watcher_close(dataplane);
	feed_receiver_free(dataplane->receiver);
	bus_client_free(dataplane->bus);
}
