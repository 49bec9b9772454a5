// SPDX-License-Identifier: BSD-3-Clause
/* machine - what a figure was measured on, and DPDK as a benchmark needs it. */
#ifndef KEDGE_BENCH_MACHINE_H
#define KEDGE_BENCH_MACHINE_H

#include <jansson.h>
#include <stdbool.h>

/*
 * DPDK for its packet buffers alone: no device, no files, any processor; the calling thread stays on the last processor
 * that it may use. With `timed` packet buffers lie in reserved huge pages, if there are enough. Returns 0 or a negative
 * errno.
 */
int machine_start_dpdk(bool timed);

/* The same with so much plain memory, in large pages if the kernel has any to give. */
int machine_start_dpdk_for(size_t octets);

/* Keeps the calling thread on a processor; with less than 0 it goes where it likes. */
void machine_stay_on(int processor);

/*
 * Processor, caches, frequency of the time-stamp counter, governor, kernel, page sizes and what of them is in use now,
 * DPDK, compiler and its flags: a new object.
 */
json_t *machine_json(void);

/* Octets of DPDK's memory that are in use: packet buffers above all. */
size_t machine_dpdk_octets(void);

/* Nanoseconds that so many cycles of the time-stamp counter take. */
double machine_ns_of(double cycles);

/* The processor's name, like "AMD EPYC 9654", for a line of text. */
void machine_processor(char *name, size_t octets);

#endif
