/* download: what a URL gives, fetched by the machine itself. */
#include "modules/shared/download.h"
#include "modules/errors.h"

#include <string.h>

/* It gives up its rights where it has some, and then can't write to the path. */
static const char helper[] = "/usr/lib/apt/apt-helper";

const char *const *download_command(struct arena *arena, const struct download *download, const char *path)
{
	const char **argv = arena_array(arena, DOWNLOAD_WORDS_MOST, sizeof(*argv));
	const char *url = strncmp(download->url, "file:", 5) == 0 ? arena_printf(arena, "copy:%s", download->url + 7)
		: download->url;
	size_t count = 0;

	argv[count++] = helper;
	argv[count++] = "-oAPT::Sandbox::User=root";
	argv[count++] = "-oAcquire::Retries=0";
	argv[count++] = arena_printf(arena, "-oAcquire::http::Timeout=%lld", (long long)download->timeout);
	argv[count++] = arena_printf(arena, "-oAcquire::https::Timeout=%lld", (long long)download->timeout);
	if (!download->validate_certs) {
		argv[count++] = "-oAcquire::https::Verify-Peer=false";
		argv[count++] = "-oAcquire::https::Verify-Host=false";
	}
	if (!download->use_proxy) {
		argv[count++] = "-oAcquire::http::Proxy=DIRECT";
		argv[count++] = "-oAcquire::https::Proxy=DIRECT";
	}
	argv[count++] = "download-file";
	argv[count++] = url;
	argv[count++] = path;
	return argv;
}

int download_failed(struct arena *arena, const char *url, const struct command_result *told, struct error *err)
{
	const char *why = strstr(told->errors, "E: ");

	error_set(err, GET_URL_FAILED, "'%s' can't be downloaded: %s", url, why ? arena_bytes(arena, why + 3,
		strcspn(why + 3, "\n")) : command_last_words(arena, told));
	if (strstr(told->errors, "No system certificates"))
		return error_remedy(err, "install the package ca-certificates with an apt-packages task");
	return error_remedy(err, "try it on the host: it needs a way to the server, by itself or through a proxy");
}
