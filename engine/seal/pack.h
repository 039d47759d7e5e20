/* pack: a text as nodes keep it, which only who has the key can read or make.
 *
 *     0    8   "BEOPACK\x02"
 *     8    4   flags, little endian: 1 (zstd), no others
 *     12   4   length of the ciphertext with its 16 bytes of tag, at most 1 MiB, little endian
 *     16   16  ID of the key
 *     32   32  owner: a keyed digest of project and playbook
 *     64   24  nonce: the first bytes of a keyed digest of bytes 0-63 and the padded plaintext
 *     88       XChaCha20-Poly1305 (IETF) with bytes 0-87 as additional data
 *
 * The plaintext is its length (4 bytes), one zstd frame, and zeros up to a size that Padmé gives
 * (petsymposium.org/2019/files/papers/issue4/popets-2019-0056.pdf), at least 4 KiB: a node learns
 * neither names nor sizes of files. Equal texts give equal packs: a pack is known by its digest. */
#ifndef SEAL_PACK_H
#define SEAL_PACK_H

#include "seal/keys.h"

enum { PACK_HEADER_SIZE = 88, PACK_MOST = 900 << 10, PACK_UNPACKED_MOST = 64 << 20 };

/* 0, or -1 with err of kind TEXT if it would be larger than PACK_MOST. */
int pack_make(struct arena *arena, const struct owner_keys *keys, const void *text, size_t size,
	char **ret_pack, size_t *ret_size, struct error *err);

/* The ID of the key that it says to be sealed with; false: it is no pack. */
bool pack_key(const void *pack, size_t size, char ret_id[KEY_HEX_SIZE]);
/* Anything but what pack_make has made with these keys is an error. */
int pack_open(struct arena *arena, const struct owner_keys *keys, const void *pack, size_t size,
	char **ret_text, size_t *ret_size, struct error *err);

#endif
