// SPDX-License-Identifier: BSD-3-Clause
#include "report.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "address_text.h"
#include "machine.h"

static void sum_counters(const struct world *world, struct walk_counters *sum)
{
	memset(sum, 0, sizeof(*sum));
	walk_counters_add(sum, &world->counters);
	walk_counters_add(sum, &world->main);
}

void report_print(const struct report *report, const struct world *world, FILE *to)
{
	struct walk_counters sum;

	sum_counters(world, &sum);
	fprintf(to, "%s: %zu bindings, filled in %.2f s\n", report->pcap, report->bindings, report->fill_seconds);
	if (report->is_timed)
		fprintf(to,
		        "%llu packets in %.3f s: %.0f packets/s, %.1f cycles/packet (median; buffer copy included)\n",
		        (unsigned long long)report->figures.packets, report->figures.seconds,
		        report->figures.packets_per_second, report->figures.cycles_per_packet);
	if (report->is_timed)
		fprintf(to, "bursts of %d: p50 %.0f ns, p99 %.0f ns\n", BURST_MAX,
		        machine_ns_of(report->figures.burst_p50_cycles),
		        machine_ns_of(report->figures.burst_p99_cycles));
	for (unsigned i = 0; i < walk_counters_count(); i++)
		if (walk_counters_value(&sum, i))
			fprintf(to, "  %-24s %12llu  %s\n", walk_counters_name(i),
			        (unsigned long long)walk_counters_value(&sum, i), walk_counters_help(i));
	for (int i = 0; i < DROP_REASONS; i++)
		if (sum.drops[i])
			fprintf(to, "  dropped: %-15s %12llu  %s\n", drop_name((enum drop_reason)i),
			        (unsigned long long)sum.drops[i], drop_help((enum drop_reason)i));
	fprintf(to, "  the counters %s\n", walk_counters_balance(&sum) ? "add up" : "DO NOT ADD UP");
}

static json_t *drops_json(const struct walk_counters *sum)
{
	json_t *drops = json_object();

	for (int i = 0; i < DROP_REASONS; i++)
		if (sum->drops[i])
			json_object_set_new(drops, drop_name((enum drop_reason)i),
			                    json_integer((json_int_t)sum->drops[i]));
	return drops;
}

static json_t *bindings_json(struct world *world)
{
	json_t *rows = json_array();
	struct binding_entry *entry;
	size_t cursor = 0;

	while ((entry = table_writer_next(world->table, &cursor))) {
		const struct binding_cold *cold = binding_table_cold(world->table, entry);
		bool is_ipv4 = IN6_IS_ADDR_V4MAPPED(&entry->key);
		char key[ADDRESS_TEXT_OCTETS];

		table_writer_drain(world->table, entry);
		address_to_text(&entry->key, key);
		json_array_append_new(rows, json_pack("{s:s, s:i, s:I, s:I, s:I, s:I}", "key", key, "key_length",
		                                      cold->key_length - (is_ipv4 ? MAPPED_PREFIX_BITS : 0),
		                                      "down_packets", (json_int_t)cold->totals.down_packets,
		                                      "down_octets", (json_int_t)cold->totals.down_octets, "up_packets",
		                                      (json_int_t)cold->totals.up_packets, "up_octets",
		                                      (json_int_t)cold->totals.up_octets));
	}
	return rows;
}

/* Of each source of fragments, which is what the packet oracle cannot know. */
static json_t *reassembly_sets_json(const struct world *world, const struct frames *frames)
{
	json_t *sets = json_object();
	struct ip_packet parsed;

	for (size_t i = 0; i < frames->count; i++) {
		const struct frame *frame = &frames->list[i];
		char source[ADDRESS_TEXT_OCTETS];

		if (frame->octets > ETHERNET_OCTETS &&
		    !ip_packet_read(frame->bytes + ETHERNET_OCTETS, frame->octets - ETHERNET_OCTETS, &parsed) &&
		    parsed.is_fragment)
			json_object_set_new(sets, address_to_text(&parsed.source, source),
			                    json_integer(reassembler_set(&world->walk, &parsed.source)));
	}
	return sets;
}

static json_t *figures_json(const struct report *report)
{
	const struct replay_figures *figures = &report->figures;

	return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:o}", "packets", (json_int_t)figures->packets, "seconds",
	                 figures->seconds, "packets_per_second", figures->packets_per_second, "cycles_per_packet",
	                 figures->cycles_per_packet, "fill_seconds", report->fill_seconds, "burst_p50_ns",
	                 machine_ns_of(figures->burst_p50_cycles), "burst_p99_ns",
	                 machine_ns_of(figures->burst_p99_cycles), "machine", machine_json());
}

int report_write(const struct report *report, struct world *world, const char *path)
{
	json_t *root = json_object();
	struct walk_counters sum;
	int result;

	sum_counters(world, &sum);
	for (unsigned i = 0; i < walk_counters_count(); i++)
		json_object_set_new(root, walk_counters_name(i),
		                    json_integer((json_int_t)walk_counters_value(&sum, i)));
	json_object_set_new(root, "drops", drops_json(&sum));
	if (report->is_timed)
		json_object_set_new(root, "figures", figures_json(report));
	else if (report->bindings <= REPORT_BINDINGS_MAX)
		json_object_set_new(root, "bindings", bindings_json(world));
	if (!report->is_timed)
		json_object_set_new(root, "reassembly_sets", reassembly_sets_json(world, report->frames));
	result = json_dump_file(root, path, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_REAL_PRECISION(6)) ? -EIO : 0;
	json_decref(root);
	return result;
}
