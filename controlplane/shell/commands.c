// SPDX-License-Identifier: BSD-3-Clause
/* The table: one row a command. docs/operation.md is checked against it. */
#include "grammar.h"

#define LIMIT                                                                                                          \
	{                                                                                                              \
		.name = "limit", .type = TYPE_INTEGER, .is_option = true, .help = "so many rows, and where to go on"   \
	}
#define AFTER                                                                                                          \
	{                                                                                                              \
		.name = "after", .type = TYPE_TEXT, .is_option = true, .help = "the page behind this key (\"next\")"   \
	}
#define IMSI_FILTER                                                                                                    \
	{                                                                                                              \
		.name = "imsi", .type = TYPE_IMSI, .is_option = true, .help = "only this subscriber's"                 \
	}

#define SUBSCRIBER_FIELDS                                                                                              \
	{.name = "amf", .type = TYPE_TEXT, .is_option = true, .help = "four hex digits (8000)"},                       \
	        {.name = "methods",                                                                                    \
	         .type = TYPE_TEXT,                                                                                    \
	         .is_option = true,                                                                                    \
	         .help = "aka-prime,aka in order of preference"},                                                      \
	        {.name = "name", .type = TYPE_TEXT, .is_option = true, .help = "the subscriber's name"},               \
	        {.name = "postal_address", .type = TYPE_TEXT, .is_option = true, .help = "where he lives"},            \
	        {.name = "msisdn", .type = TYPE_TEXT, .is_option = true, .help = "telephone number"},                  \
	        {.name = "services", .type = TYPE_TEXT, .is_option = true, .help = "mip6,hip"},                        \
	        {.name = "name_policy", .type = TYPE_TEXT, .is_option = true, .help = "which name policy applies"},    \
	        {.name = "name_consent",                                                                               \
	         .type = TYPE_FLAG,                                                                                    \
	         .is_option = true,                                                                                    \
	         .help = "may his name and number stand in a domain name"},                                            \
	        {.name = "ambr_down_bps",                                                                              \
	         .type = TYPE_INTEGER,                                                                                 \
	         .is_option = true,                                                                                    \
	         .help = "session AMBR to him, bits a second (0: no limit)"},                                          \
	{                                                                                                              \
		.name = "ambr_up_bps", .type = TYPE_INTEGER, .is_option = true,                                        \
		.help = "session AMBR from him, bits a second (0: no limit)"                                           \
	}

const struct grammar_command grammar_commands[] = {
        {"subscriber",
         "import",
         TO_AUTHSERVER,
         true,
         false,
         "creates or updates subscribers from a JSON file, all or none",
         {{.name = "file", .type = TYPE_FILE, .required = true, .help = "a JSON array of subscribers"}}},
        {"subscriber",
         "add",
         TO_AUTHSERVER,
         true,
         false,
         "creates one subscriber; keys come from files, never from the command line",
         {{.name = "imsi", .type = TYPE_IMSI, .required = true, .help = "6 to 15 digits"},
          {.name = "k",
           .type = TYPE_SECRET_FILE,
           .is_option = true,
           .required = true,
           .help = "file with K, 32 hex digits"},
          {.name = "opc", .type = TYPE_SECRET_FILE, .is_option = true, .help = "file with OPc, 32 hex digits"},
          {.name = "op", .type = TYPE_SECRET_FILE, .is_option = true, .help = "file with OP, if OPc is not known"},
          {.name = "sqn", .type = TYPE_INTEGER, .is_option = true, .help = "the first SEQ|IND as a number (0)"},
          SUBSCRIBER_FIELDS}},
        {"subscriber",
         "show",
         TO_AUTHSERVER,
         false,
         true,
         "subscribers without their keys",
         {{.name = "imsi", .type = TYPE_IMSI, .help = "only this one"}, LIMIT, AFTER}},
        {"subscriber",
         "set",
         TO_AUTHSERVER,
         true,
         false,
         "changes what is said of a subscriber",
         {{.name = "imsi", .type = TYPE_IMSI, .required = true, .help = "6 to 15 digits"}, SUBSCRIBER_FIELDS}},
        {"subscriber",
         "delete",
         TO_AUTHSERVER,
         true,
         false,
         "removes a subscriber and his keys",
         {{.name = "imsi", .type = TYPE_IMSI, .required = true, .help = "6 to 15 digits"}}},
        {"subscriber",
         "bar",
         TO_AUTHSERVER,
         true,
         false,
         "his next bootstrap ends with status 209",
         {{.name = "imsi", .type = TYPE_IMSI, .required = true, .help = "6 to 15 digits"}}},
        {"subscriber",
         "unbar",
         TO_AUTHSERVER,
         true,
         false,
         "admits him again",
         {{.name = "imsi", .type = TYPE_IMSI, .required = true, .help = "6 to 15 digits"}}},

        {"session", "show", TO_CONTROLPLANE, false, true, "PANA sessions", {IMSI_FILTER, LIMIT, AFTER}},
        {"session",
         "end",
         TO_CONTROLPLANE,
         true,
         false,
         "ends a session, its security association and binding",
         {{.name = "session", .type = TYPE_TEXT, .required = true, .help = "its SID, 8 hex digits"}}},

        {"lease",
         "show",
         TO_CONTROLPLANE,
         false,
         true,
         "names and addresses that subscribers hold",
         {IMSI_FILTER, LIMIT, AFTER}},
        {"lease",
         "release",
         TO_CONTROLPLANE,
         true,
         false,
         "takes name and address back; both rest in quarantine",
         {{.name = "imsi", .type = TYPE_IMSI, .required = true, .help = "whose"}}},

        {"binding",
         "show",
         TO_CONTROLPLANE,
         false,
         true,
         "home addresses, where they are, and what the data planes count for them",
         {IMSI_FILTER,
          {.name = "address", .type = TYPE_TEXT, .is_option = true, .help = "only this home address"},
          LIMIT,
          AFTER}},
        {"binding",
         "delete",
         TO_CONTROLPLANE,
         true,
         false,
         "withdraws a binding; its node may bind again",
         {{.name = "address", .type = TYPE_TEXT, .required = true, .help = "the home address"}}},

        {"policy",
         "test",
         TO_CONTROLPLANE,
         false,
         false,
         "what would be decided for this subscriber and wish, and why",
         {{.name = "imsi", .type = TYPE_IMSI, .required = true, .help = "who"},
          {.name = "fqdn", .type = TYPE_TEXT, .help = "the name he wishes"},
          {.name = "name", .type = TYPE_TEXT, .is_option = true, .help = "as if this were his name"},
          {.name = "msisdn", .type = TYPE_TEXT, .is_option = true, .help = "as if this were his number"},
          {.name = "name_policy", .type = TYPE_TEXT, .is_option = true, .help = "as if this were his name policy"},
          {.name = "name_consent", .type = TYPE_FLAG, .is_option = true, .help = "as if he had (not) consented"}}},

        {"explain",
         "",
         TO_EVERY,
         false,
         false,
         "all that is known of a subscriber: identity, AKA run, decision, DNS, lease, binding, counters, last drops",
         {{.name = "imsi", .type = TYPE_IMSI, .required = true, .help = "who"}}},

        {"dataplane",
         "show",
         TO_DATAPLANES,
         false,
         false,
         "sync, shards, workers, ports, drops of each data plane",
         {{0}}},
        {"dataplane",
         "drain",
         TO_DATAPLANES,
         true,
         false,
         "withdraws what a data plane announces, so that traffic goes by others; it goes on forwarding",
         {{0}},
         .one_at_a_time = true},
        {"dataplane",
         "undrain",
         TO_DATAPLANES,
         true,
         false,
         "announces again once nothing else stands against it",
         {{0}}},
        {"dataplane",
         "bindings",
         TO_DATAPLANES,
         false,
         true,
         "the table as the data plane has it, with counters",
         {{.name = "address", .type = TYPE_TEXT, .is_option = true, .help = "only this home address"}, LIMIT, AFTER}},

        {"dataplane",
         "drops",
         TO_DATAPLANES,
         false,
         false,
         "which packets of which subscriber were dropped last, and why",
         {{.name = "address", .type = TYPE_TEXT, .is_option = true, .help = "only of this home address"},
          {.name = "limit", .type = TYPE_INTEGER, .is_option = true, .help = "the newest so many (100)"}}},

        {"trace",
         "",
         TO_DATAPLANES,
         true,
         false,
         "the next packets of a subscriber, each step of their way through the data plane in words",
         {{.name = "who", .type = TYPE_TEXT, .required = true, .help = "his IMSI, home address, or a binding's key"},
          {.name = "count", .type = TYPE_INTEGER, .help = "so many packets (5, at most 100)"},
          {.name = "seconds", .type = TYPE_INTEGER, .is_option = true, .help = "how long to wait for them (30)"}}},

        {"capture",
         "start",
         TO_DATAPLANES,
         true,
         false,
         "writes packets into a new file of each data plane's capture-folder",
         {{.name = "file", .type = TYPE_TEXT, .required = true, .help = "its name, without a folder"},
          {.name = "prefix",
           .type = TYPE_TEXT,
           .is_option = true,
           .help = "only from or to this address or prefix, inside of a tunnel or outside"},
          {.name = "direction",
           .type = TYPE_CHOICE,
           .is_option = true,
           .choices = "in out drop",
           .help = "only as they come, as they leave, or as they are dropped"},
          {.name = "reason", .type = TYPE_TEXT, .is_option = true, .help = "only drops of this name"},
          {.name = "count", .type = TYPE_INTEGER, .is_option = true, .help = "so many packets (10000)"},
          {.name = "snap_length",
           .type = TYPE_INTEGER,
           .is_option = true,
           .help = "so many octets of each (256, at most 1900)"}}},
        {"capture", "stop", TO_DATAPLANES, true, false, "ends the capture; its file is complete then", {{0}}},
        {"capture", "show", TO_DATAPLANES, false, false, "the capture that runs, or the last one", {{0}}},

        {"stats", "show", TO_EVERY, false, false, "counters of every daemon, or of --server NAME", {{0}}},
        {"config", "check", TO_EVERY, false, false, "does the configuration on disk still read well", {{0}}},
        {"log",
         "level",
         TO_EVERY,
         true,
         false,
         "shows or sets how much is logged",
         {{.name = "level", .type = TYPE_CHOICE, .choices = "error warning notice info debug", .help = "from now on"}}},
};

const size_t grammar_command_count = sizeof(grammar_commands) / sizeof(grammar_commands[0]);
