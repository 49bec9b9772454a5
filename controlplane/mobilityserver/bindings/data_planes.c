// SPDX-License-Identifier: BSD-3-Clause
#include "data_planes.h"

#include <string.h>

enum { SECOND_MS = 1000 };

static struct data_plane_view *find(struct data_planes *planes, const struct punt_status *status)
{
	for (size_t i = 0; i < planes->count; i++)
		if (strcmp(planes->planes[i].status.name, status->name) == 0)
			return &planes->planes[i];
	return NULL;
}

/* One of a new name takes the place of the one that has been silent longest, when there are too many. */
static struct data_plane_view *place_for(struct data_planes *planes, const struct punt_status *status)
{
	struct data_plane_view *place = find(planes, status);

	if (place)
		return place;
	if (planes->count < DATA_PLANES_MAX) {
		place = &planes->planes[planes->count++];
	} else {
		place = &planes->planes[0];
		for (size_t i = 1; i < planes->count; i++)
			if (planes->planes[i].heard_ms < place->heard_ms)
				place = &planes->planes[i];
	}
	memset(place, 0, sizeof(*place));
	return place;
}

void data_planes_told(struct data_planes *planes, const struct punt_status *status, uint64_t now_ms)
{
	struct data_plane_view *plane = place_for(planes, status);
	uint64_t passed_ms = now_ms - plane->heard_ms;

	if (plane->status.boot != status->boot) {
		plane->boots += plane->heard_ms != 0;
		plane->rows_a_second = 0;
	} else if (passed_ms && status->rows_applied >= plane->status.rows_applied) {
		plane->rows_a_second = (status->rows_applied - plane->status.rows_applied) * SECOND_MS / passed_ms;
	}
	plane->status = *status;
	plane->heard_ms = now_ms;
}

void data_planes_sweep(struct data_planes *planes, uint64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < planes->count; i++)
		if (now_ms - planes->planes[i].heard_ms < DATA_PLANE_KEPT_MS)
			planes->planes[kept++] = planes->planes[i];
	planes->count = kept;
}
