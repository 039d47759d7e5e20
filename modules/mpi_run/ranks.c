/* ranks: what the processes of a job say, line by line, with who says it.
 *
 * Open MPI puts "[JOB,RANK]<stdout>:" before each piece that it reads, even in the middle of a line, and the
 * pieces of several processes follow one another without a newline. So each process has its own line, which is
 * given out once it is whole. Which machine a rank is on nobody tells but the rank itself. */
#include "modules/mpi_run/ranks.h"

#include <stdlib.h>
#include <string.h>

#define MARK "beoplay-rank-on "

enum { TAG_MOST = 200, HOST_MOST = 64, LINE_MOST = 1 << 20 };

const char *const ranks_words[] = { "sh", "-c", "echo \"" MARK "$(uname -n)\"; exec \"$@\"", "rank", NULL };

struct rank {
	struct buffer lines[2];        /* of stdout and of stderr: not whole yet */
	char host[HOST_MOST];          /* "": it hasn't told */
	bool told;                     /* its first line was that, or it won't come any more */
};

struct stream {
	struct buffer rest;            /* what may be the beginning of a tag */
	size_t now;                    /* whose piece it is; count: mpirun's own */
};

struct ranks {
	size_t count;
	bool spaced;                   /* there is a blank behind each tag */
	struct stream streams[2];
	struct rank ranks[];           /* and one more, of what mpirun says itself */
};

struct ranks *ranks_new(size_t count, unsigned version)
{
	struct ranks *ranks = calloc(1, sizeof(*ranks) + (count + 1) * sizeof(ranks->ranks[0]));

	if (!ranks)
		abort();
	ranks->count = count;
	ranks->spaced = version >= 5;
	ranks->streams[0].now = ranks->streams[1].now = count;
	return ranks;
}

void ranks_free(struct ranks *ranks)
{
	for (size_t i = 0; ranks && i <= ranks->count; i++) {
		buffer_free(&ranks->ranks[i].lines[0]);
		buffer_free(&ranks->ranks[i].lines[1]);
	}
	if (ranks) {
		buffer_free(&ranks->streams[0].rest);
		buffer_free(&ranks->streams[1].rest);
	}
	free(ranks);
}

/* --- Tags */

enum tag { NO_TAG, A_TAG, MAYBE_A_TAG };

/* "[1,3]<stdout>:"; Open MPI 5 also has longer names of the job, "[prterun-head-412@1,3]<stdout>: ". */
static enum tag tag_at(const struct ranks *ranks, const char *bytes, size_t size, bool errors,
	size_t *ret_rank, size_t *ret_size)
{
	const char *behind = errors ? "]<stderr>: " : "]<stdout>: ", *comma, *end;
	size_t most = size < TAG_MOST ? size : TAG_MOST, at, length = strlen(behind) - !ranks->spaced, rank = 0;

	if (size > 1 && !memchr("0123456789abcdefghijklmnopqrstuvwxyz", bytes[1] | 0x20, 36))
		return NO_TAG;
	for (at = 1; at < most && bytes[at] != ',' && bytes[at] != '\n' && bytes[at] != '['; at++)
		;
	if (at == most)
		return size < TAG_MOST ? MAYBE_A_TAG : NO_TAG;
	comma = bytes + at;
	if (*comma != ',')
		return NO_TAG;
	for (at++; at < most && bytes[at] >= '0' && bytes[at] <= '9' && rank <= ranks->count; at++)
		rank = 10 * rank + (size_t)(bytes[at] - '0');
	end = bytes + at;
	if (strncmp(end, behind, most - at < length ? most - at : length) != 0 || rank >= ranks->count)
		return NO_TAG;
	if (most - at < length)
		return size < TAG_MOST ? MAYBE_A_TAG : NO_TAG;
	if (end == comma + 1)
		return NO_TAG;
	*ret_rank = rank;
	*ret_size = at + length;
	return A_TAG;
}

/* --- Lines */

/* The first line of each process says where it is. */
static bool is_mark(struct rank *rank, bool errors, const struct buffer *line)
{
	size_t mark = strlen(MARK), size;

	if (errors || rank->told)
		return false;
	rank->told = true;
	if (line->size <= mark || memcmp(line->data, MARK, mark) != 0)
		return false;
	size = line->size - mark - 1;
	if (size >= sizeof(rank->host))
		size = sizeof(rank->host) - 1;
	memcpy(rank->host, line->data + mark, size);
	return true;
}

/* line ends with its newline. */
static void give_line(struct ranks *ranks, size_t number, bool errors, struct buffer *ret_lines)
{
	struct rank *rank = &ranks->ranks[number];
	struct buffer *line = &rank->lines[errors];

	if (number == ranks->count) {
		buffer_add(ret_lines, line->data, line->size);
	} else if (!is_mark(rank, errors, line)) {
		buffer_printf(ret_lines, "[%s%srank %zu] ", rank->host, rank->host[0] ? " " : "", number);
		buffer_add(ret_lines, line->data, line->size);
	}
	buffer_clear(line);
}

static void add_text(struct ranks *ranks, bool errors, const char *bytes, size_t size,
	struct buffer *ret_lines)
{
	size_t number = ranks->streams[errors].now;
	struct buffer *line = &ranks->ranks[number].lines[errors];

	while (size > 0) {
		const char *newline = memchr(bytes, '\n', size);
		size_t piece = newline ? (size_t)(newline - bytes) + 1 : size;

		buffer_add(line, bytes, piece);
		if (!newline && line->size > LINE_MOST)
			buffer_add_char(line, '\n');
		if (newline || line->size > LINE_MOST)
			give_line(ranks, number, errors, ret_lines);
		bytes += piece;
		size -= piece;
	}
}

/* What is left at the end, each as a line of its own. */
static void give_rest(struct ranks *ranks, bool errors, struct buffer *ret_lines)
{
	struct stream *stream = &ranks->streams[errors];

	add_text(ranks, errors, stream->rest.data, stream->rest.size, ret_lines);
	buffer_clear(&stream->rest);
	for (size_t i = 0; i <= ranks->count; i++) {
		struct buffer *line = &ranks->ranks[i].lines[errors];

		if (line->size == 0)
			continue;
		buffer_add_char(line, '\n');
		give_line(ranks, i, errors, ret_lines);
	}
}

void ranks_sort(void *context, bool errors, const char *bytes, size_t size, struct buffer *ret_lines)
{
	struct ranks *ranks = context;
	struct stream *stream = &ranks->streams[errors];
	const char *data;
	size_t at = 0, from = 0;

	if (size == 0) {
		give_rest(ranks, errors, ret_lines);
		return;
	}
	buffer_add(&stream->rest, bytes, size);
	data = stream->rest.data;
	size = stream->rest.size;
	while (at < size) {
		const char *bracket = memchr(data + at, '[', size - at);
		size_t rank, length;
		enum tag tag;

		at = bracket ? (size_t)(bracket - data) : size;
		tag = bracket ? tag_at(ranks, bracket, size - at, errors, &rank, &length) : NO_TAG;
		if (tag == MAYBE_A_TAG)
			break;
		if (tag == A_TAG) {
			add_text(ranks, errors, data + from, at - from, ret_lines);
			stream->now = rank;
			from = at += length;
		} else if (bracket) {
			at++;
		}
	}
	add_text(ranks, errors, data + from, at - from, ret_lines);
	buffer_drop_front(&stream->rest, at);
}
