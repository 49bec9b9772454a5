// SPDX-License-Identifier: BSD-3-Clause
/*
 * feed_zeromq - the parts of a test that runs the feed through real sockets: data planes in threads of their own, and a
 * proxy between them and the owner that loses, repeats, delays and reorders what passes.
 */
#ifndef KEDGE_TESTS_FEED_ZEROMQ_H
#define KEDGE_TESTS_FEED_ZEROMQ_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed_receiver.h"

enum { ZEROMQ_PLANES = 2, ZEROMQ_KEYS = 2000, FOLDER_OCTETS = 96 };

/* What the owner holds in the end; care_of 0: not bound. */
struct expected_bindings {
	uint16_t care_of[ZEROMQ_KEYS];
};

/* A data plane's thread. The owner's thread sets orders, the plane's tells how far it is; all atomic. */
struct plane_thread {
	pthread_t thread;
	void *zeromq_context;
	char folder[FOLDER_OCTETS];
	const struct expected_bindings *expected;
	/* orders */
	bool stalls;   /* serves nothing while set */
	bool restarts; /* starts anew, empty; reset by the plane */
	bool compares; /* the owner changes nothing any more */
	bool ends;
	/* reports */
	bool in_sync;
	bool is_equal; /* in sync, and its table is what is expected */
	uint64_t rows;
	uint64_t gaps;
	uint64_t snapshots;
	uint64_t changes;
	uint64_t restarts_done;
};

void plane_thread_start(struct plane_thread *plane);
void plane_thread_end(struct plane_thread *plane);

/* The key of a number: 2001:db8:aa:NUMBER::/64. */
void zeromq_key(unsigned number, uint8_t octets[FEED_ADDRESS_OCTETS]);

struct feed_proxy;

/* Between the owner's folder and one folder a plane. `is_hostile` is read at each message. NULL with errno. */
struct feed_proxy *feed_proxy_start(void *zeromq_context, const char *owner_folder,
                                    char (*plane_folders)[FOLDER_OCTETS], const bool *is_hostile, uint64_t seed);

struct feed_proxy_counters {
	uint64_t passed, lost, repeated, delayed;
};
struct feed_proxy_counters feed_proxy_end(struct feed_proxy *proxy);

#endif
