/* filters_random: random and shuffle with a seed, as Python's random has them: the same for each host and run.
 * Without a seed each evaluation would give another one, also the dry run and what it is to tell. */
#include "expression/evaluate.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { TWISTER_WORDS = 624, TWISTER_MIDDLE = 397, SEED_MOST = 4096, SHA512_SIZE = 64 };

/* The Mersenne Twister MT19937, seeded by init_by_array (Matsumoto, Nishimura, 2002). */
struct twister {
	uint32_t words[TWISTER_WORDS];
	size_t at;
};

static void twister_begin(struct twister *twister, uint32_t seed)
{
	twister->words[0] = seed;
	for (uint32_t i = 1; i < TWISTER_WORDS; i++)
		twister->words[i] = UINT32_C(1812433253) * (twister->words[i - 1] ^ twister->words[i - 1] >> 30) + i;
	twister->at = TWISTER_WORDS;
}

static size_t twister_mix(struct twister *twister, size_t i, uint32_t factor, uint32_t key)
{
	uint32_t *words = twister->words;

	words[i] = (words[i] ^ (words[i - 1] ^ words[i - 1] >> 30) * factor) + key;
	if (++i < TWISTER_WORDS)
		return i;
	words[0] = words[TWISTER_WORDS - 1];
	return 1;
}

static void twister_seed(struct twister *twister, const uint32_t *key, size_t count)
{
	size_t i = 1, j = 0;

	twister_begin(twister, 19650218);
	for (size_t k = TWISTER_WORDS > count ? TWISTER_WORDS : count; k > 0; k--) {
		i = twister_mix(twister, i, 1664525, key[j] + (uint32_t)j);
		j = (j + 1) % count;
	}
	for (size_t k = TWISTER_WORDS - 1; k > 0; k--)
		i = twister_mix(twister, i, 1566083941, (uint32_t)-(int64_t)i);
	twister->words[0] = UINT32_C(0x80000000);
}

static void twister_turn(struct twister *twister)
{
	uint32_t *words = twister->words;

	for (size_t i = 0; i < TWISTER_WORDS; i++) {
		uint32_t y = (words[i] & UINT32_C(0x80000000)) | (words[(i + 1) % TWISTER_WORDS] & UINT32_C(0x7fffffff));

		words[i] = words[(i + TWISTER_MIDDLE) % TWISTER_WORDS] ^ y >> 1 ^ (y & 1 ? UINT32_C(0x9908b0df) : 0);
	}
	twister->at = 0;
}

static uint32_t twister_next(struct twister *twister)
{
	uint32_t y;

	if (twister->at == TWISTER_WORDS)
		twister_turn(twister);
	y = twister->words[twister->at++];
	y ^= y >> 11;
	y ^= y << 7 & UINT32_C(0x9d2c5680);
	y ^= y << 15 & UINT32_C(0xefc60000);
	return y ^ y >> 18;
}

/* Python's getrandbits: 1 to 64 of them. */
static uint64_t random_bits(struct twister *twister, unsigned bits)
{
	uint64_t low;

	if (bits <= 32)
		return twister_next(twister) >> (32 - bits);
	low = twister_next(twister);
	return low | (uint64_t)(twister_next(twister) >> (64 - bits)) << 32;
}

/* From 0 up to below. */
static uint64_t random_below(struct twister *twister, uint64_t below)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(below);
	uint64_t number;

	do
		number = random_bits(twister, bits);
	while (number >= below);
	return number;
}

/* Of a number that is written big-endian. */
static void seed_bytes(struct twister *twister, const unsigned char *bytes, size_t size)
{
	uint32_t key[(SEED_MOST + SHA512_SIZE) / 4 + 1] = {0};
	size_t count;

	while (size > 0 && bytes[0] == 0) {
		bytes++;
		size--;
	}
	for (size_t i = 0; i < size; i++)
		key[i / 4] |= (uint32_t)bytes[size - 1 - i] << 8 * (i % 4);
	count = size ? (size + 3) / 4 : 1;
	twister_seed(twister, key, count);
}

static int seed_of(struct evaluation *evaluation, const struct call *call, const struct value *seed,
	struct twister *ret_twister)
{
	unsigned char bytes[SEED_MOST + SHA512_SIZE];
	uint64_t number;

	if (!seed) {
		evaluation_error(evaluation, call->offset, "the filter %s needs a seed: without one each run, also the dry "
			"run, would give something else", call->callable->name);
		return error_remedy(evaluation->evaluator->err, "write %s(seed=inventory_hostname)", call->callable->name);
	}
	if (seed->kind == VALUE_INTEGER) {
		number = seed->integer < 0 ? (uint64_t)0 - (uint64_t)seed->integer : (uint64_t)seed->integer;
		for (size_t i = 0; i < 8; i++)
			bytes[i] = (unsigned char)(number >> (56 - 8 * i));
		seed_bytes(ret_twister, bytes, 8);
		return 0;
	}
	if (seed->kind != VALUE_STRING || seed->size > SEED_MOST)
		return call_error(evaluation, call, "a string or an integer as seed", seed);
	memcpy(bytes, seed->text, seed->size);
	if (EVP_Digest(seed->text, seed->size, bytes + seed->size, NULL, EVP_sha512(), NULL) != 1)
		return evaluation_error(evaluation, call->offset, "SHA-512 is not to be had");
	seed_bytes(ret_twister, bytes, seed->size + SHA512_SIZE);
	return 0;
}

static int random_number(struct evaluation *evaluation, struct call *call, struct twister *twister,
	struct value **ret_value)
{
	int64_t end = call->input->integer, start, step, width, count;

	if (call_integer(evaluation, call, 0, 0, &start) < 0 || call_integer(evaluation, call, 1, 1, &step) < 0)
		return -1;
	step = step ? step : 1;
	if (__builtin_sub_overflow(end, start, &width) || __builtin_add_overflow(width, step - (step > 0 ? 1 : -1),
			&count) || (count /= step) <= 0)
		return evaluation_error(evaluation, call->offset, "there is no number from %lld to below %lld in steps of "
			"%lld", (long long)start, (long long)end, (long long)step);
	*ret_value = value_integer(evaluation->evaluator->arena,
		start + step * (int64_t)random_below(twister, (uint64_t)count));
	return 0;
}

/* random(start, step, seed): of a number one below it, else one of the items. */
static int filter_random(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct twister twister;
	struct value **items;
	size_t count;

	if (seed_of(evaluation, call, call->arguments[2], &twister) < 0
			|| evaluation_spend(evaluation, call->offset, TWISTER_WORDS, 64) < 0)
		return -1;
	if (call->input->kind == VALUE_INTEGER)
		return random_number(evaluation, call, &twister, ret_value);
	if (call->arguments[0] || call->arguments[1])
		return evaluation_error(evaluation, call->offset, "start and step are for numbers alone");
	if (value_items(evaluation, call->offset, call->input, &items, &count) < 0)
		return -1;
	if (count == 0)
		return evaluation_error(evaluation, call->offset, "there is nothing to choose from");
	*ret_value = items[random_below(&twister, count)];
	return 0;
}

static int filter_shuffle(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct twister twister;
	struct value **items;
	size_t count;

	if (seed_of(evaluation, call, call->arguments[0], &twister) < 0
			|| value_items(evaluation, call->offset, call->input, &items, &count) < 0
			|| evaluation_spend(evaluation, call->offset, TWISTER_WORDS + 8 * count, count * sizeof(*items)) < 0)
		return -1;
	*ret_value = value_list(arena);
	for (size_t i = 0; i < count; i++)
		value_append(arena, *ret_value, items[i]);
	for (size_t i = count; i-- > 1;) {
		size_t j = random_below(&twister, i + 1);
		struct value *kept = (*ret_value)->items[i];

		(*ret_value)->items[i] = (*ret_value)->items[j];
		(*ret_value)->items[j] = kept;
	}
	return 0;
}

const struct callable filters_random[] = {
	{ "random", filter_random, 0, 0, { "start", "step", "seed" } },
	{ "shuffle", filter_shuffle, 0, 0, { "seed" } },
	{ 0 },
};
