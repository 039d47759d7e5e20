/* image: what is at a path, as one line of text. */
#include "agent/image.h"

#include "agent/machine.h"

#include <stdio.h>
#include <string.h>

static const char image_other[] = "other";

const char *image_of(struct arena *arena, const char *path)
{
	struct error ignored = {0};
	struct file_info info;
	const char *digest;

	if (files_stat(NULL, arena, path, &info, &ignored) < 0)
		return image_other;
	if (info.kind == FILE_NONE)
		return "absent";
	if (info.kind == FILE_LINK)
		return arena_printf(arena, "link %u %u %s", info.uid, info.gid, info.target);
	if (info.kind != FILE_REGULAR || info.size > IMAGE_SIZE_MOST
			|| files_digest(NULL, arena, path, NULL, &digest, &ignored) < 0)
		return image_other;
	return arena_printf(arena, "file %04o %u %u %s", info.mode, info.uid, info.gid, digest);
}

bool image_same(const char *one, const char *other)
{
	return one && other && strcmp(one, image_other) != 0 && strcmp(one, other) == 0;
}

bool image_digest(const char *image, char ret_digest[DIGEST_HEX_SIZE])
{
	return image && sscanf(image, "file %*o %*u %*u %64s", ret_digest) == 1
		&& digest_valid(ret_digest);
}

bool image_same_content(const char *one, const char *other)
{
	char digest[DIGEST_HEX_SIZE], other_digest[DIGEST_HEX_SIZE];

	return image_digest(one, digest) && image_digest(other, other_digest)
		&& strcmp(digest, other_digest) == 0;
}

static void set_owner(struct arena *arena, struct value *params, unsigned uid, unsigned gid)
{
	value_set(arena, params, "owner", value_printf(arena, "%u", uid));
	value_set(arena, params, "group", value_printf(arena, "%u", gid));
}

struct value *image_params(struct arena *arena, const char *path, const char *image)
{
	struct value *params = value_map(arena);
	char digest[DIGEST_HEX_SIZE];
	unsigned mode, uid, gid;
	int target = 0;

	value_set_string(arena, params, "path", path);
	if (strcmp(image, "absent") == 0) {
		value_set_string(arena, params, "state", "absent");
		value_set_string(arena, params, "up_to", path);
	} else if (image_digest(image, digest) && sscanf(image, "file %o %u %u", &mode, &uid, &gid) == 3) {
		value_set_string(arena, params, "state", "file");
		value_set(arena, params, "mode", value_printf(arena, "%04o", mode));
		value_set_string(arena, params, "body", digest);
		set_owner(arena, params, uid, gid);
	} else if (sscanf(image, "link %u %u %n", &uid, &gid, &target) == 2 && target > 0) {
		value_set_string(arena, params, "state", "link");
		value_set_string(arena, params, "src", &image[target]);
		value_set_string(arena, params, "force", "yes");
		set_owner(arena, params, uid, gid);
	} else {
		return NULL;
	}
	return params;
}
