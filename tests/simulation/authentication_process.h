// SPDX-License-Identifier: BSD-3-Clause
/* The authentication server's cores as a simulated process. */
#ifndef KEDGE_TESTS_AUTHENTICATION_PROCESS_H
#define KEDGE_TESTS_AUTHENTICATION_PROCESS_H

#include "endpoint.h"
#include "simulated_process.h"
#include "sim_card.h"

struct authentication_process;

/* What leaves: a RADIUS answer. */
typedef void authentication_answer(void *context, const struct endpoint *to, const void *datagram, size_t octets);

struct authentication_process *authentication_process_new(struct virtual_time *time, const struct secret *radius_secret,
                                                          const char *paa_id, authentication_answer *answer,
                                                          void *context);
void authentication_process_free(struct authentication_process *authentication);
struct simulated_process *authentication_process_of(struct authentication_process *authentication);

/* Before its first start: the subscriber stands in its store. */
void authentication_process_subscribe(struct authentication_process *authentication, const struct sim_card *card,
                                      const char *name);
void authentication_process_start(struct authentication_process *authentication);

void authentication_process_datagram(struct authentication_process *authentication, const struct endpoint *from,
                                     const uint8_t *datagram, size_t octets);

/* Every SEQ up to this one may have been handed out, as its store has it. */
uint64_t authentication_process_ceiling(const struct authentication_process *authentication, const char *imsi);

#endif
