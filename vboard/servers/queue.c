/* See queue.h. */
#include "queue.h"

#include <stddef.h>

void queue_add(struct queue *queue, struct queued *request)
{
    struct queued **end = &queue->first;

    while (*end)
        end = &(*end)->next;
    *end = request;
}

void queue_remove(struct queue *queue, struct queued *request)
{
    struct queued **at = &queue->first;

    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
}

static bool endpoint_busy(const struct queue *queue, const struct queued *request)
{
    for (const struct queued *earlier = queue->first; earlier != request; earlier = earlier->next)
        if (earlier->transfer.endpoint == request->transfer.endpoint)
            return true;
    return false;
}

void queue_submit(struct queue *queue, struct usb_host *host, ticks now)
{
    for (struct queued *request = queue->first; request; request = request->next)
        if (!request->on_bus && request->due <= now && !endpoint_busy(queue, request))
            request->on_bus = usb_host_submit(host, &request->transfer);
}

void queue_silence(struct usb_host *host, struct queued *request)
{
    request->transfer.done = NULL;
    usb_host_cancel(host, &request->transfer);
}

struct queued *queue_take(struct queue *queue, struct usb_host *host)
{
    struct queued *request = queue->first;

    if (request) {
        queue->first = request->next;
        queue_silence(host, request);
    }
    return request;
}
