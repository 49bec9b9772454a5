// SPDX-License-Identifier: BSD-3-Clause
/* authserver_metrics - what the authentication server counts, for Prometheus, from the lists that `stats show` prints.
 */
#include "operate.h"

#define COUNT(room, name, help)  metrics_counter(text, "kedge_authserver_" room "_" #name, help, counters->name);
#define COUNT_RADIUS(name, help) COUNT("radius", name, help)
#define COUNT_EAP(name, help)    COUNT("eap", name, help)
#define COUNT_CENTRE(name, help) COUNT("authentication_centre", name, help)

static void write_radius(struct metrics_text *text, const struct radius_server_counters *counters)
{
	RADIUS_SERVER_COUNTERS(COUNT_RADIUS)
}

static void write_eap(struct metrics_text *text, const struct eap_server_counters *counters)
{
	EAP_SERVER_COUNTERS(COUNT_EAP)
}

static void write_centre(struct metrics_text *text, const struct authentication_centre_counters *counters)
{
	AUTHENTICATION_CENTRE_COUNTERS(COUNT_CENTRE)
}

void operate_metrics(void *context, struct metrics_text *text)
{
	const struct operate *operate = context;
	struct sqlite_store_counters store;

	if (!operate->store)
		return; /* before it is ready */
	store = sqlite_store_counters(operate->store);
	metrics_family(text, METRICS_GAUGE, "kedge_authserver_info", "version of the authentication server");
	metrics_count(text, METRICS_GAUGE, "kedge_authserver_info", "version=\"" KEDGE_VERSION "\"", 1);
	write_radius(text, &operate->radius->counters);
	write_eap(text, &operate->eap->counters);
	write_centre(text, &operate->centre->counters);
	metrics_gauge(text, "kedge_authserver_subscribers", "subscribers in the store",
	              (int64_t)subscriber_table_count(operate->table));
	metrics_watcher_loop(text, "kedge_authserver_", operate->loop);
	metrics_counter(text, "kedge_authserver_store_commits", "transactions of the store", store.commits);
	metrics_counter(text, "kedge_authserver_store_commits_failed", "transactions that failed",
	                store.commits_failed);
}
