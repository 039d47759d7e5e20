/* event: what has happened to a run and isn't dealt with yet, in order. */
#include "plan/event.h"

#include <stdlib.h>

static void grow(struct event_queue *queue)
{
	size_t capacity = queue->capacity ? 2 * queue->capacity : 64;
	struct event *events = calloc(capacity, sizeof(*events));

	if (!events)
		abort();
	for (size_t i = 0; i < queue->count; i++)
		events[i] = queue->events[(queue->first + i) % queue->capacity];
	free(queue->events);
	queue->events = events;
	queue->capacity = capacity;
	queue->first = 0;
}

void event_push(struct event_queue *queue, const struct event *event)
{
	if (queue->count == queue->capacity)
		grow(queue);
	queue->events[(queue->first + queue->count++) % queue->capacity] = *event;
}

bool event_pop(struct event_queue *queue, struct event *ret_event)
{
	if (queue->count == 0)
		return false;
	*ret_event = queue->events[queue->first];
	queue->first = (queue->first + 1) % queue->capacity;
	queue->count--;
	return true;
}

void event_queue_free(struct event_queue *queue)
{
	free(queue->events);
	*queue = (struct event_queue){0};
}
