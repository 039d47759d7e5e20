/* batch: hosts that go through a play together. */
#include "plan/batch.h"

size_t batch_size(const struct serial *serial, size_t count, size_t number, size_t total,
	size_t done)
{
	size_t left = total - done, size;

	if (count == 0)
		return left;
	serial = &serial[number < count ? number : count - 1];
	size = serial->number;
	if (serial->percent) {
		size = (size_t)((double)total * (double)size / 100);
		size = size > 0 ? size : 1;
	}
	return size > 0 && size < left ? size : left;
}

bool batch_fails(const struct batch *batch)
{
	return batch->max_fail_percentage >= 0
		&& batch->failed * 100 > (size_t)batch->max_fail_percentage * batch->size;
}

bool batch_is_lost(const struct batch *batch)
{
	return batch->size > 0 && batch->failed + batch->unreachable == batch->size;
}
