/* settings: parameters of Open MPI that files of the site set, beside those that a job gets. */
#include "modules/mpi_run/nodes.h"

#include <string.h>

/* Parts in which all hosts of a job must agree, or they don't find one another. */
static bool must_agree(const char *setting)
{
	static const char *const parts[] = { "btl", "pml", "mtl", "oob", "osc", "plm", "routed", "prte_",
		"pmix_", "gds", "ess", "grpcomm", NULL };

	for (size_t i = 0; parts[i]; i++) {
		if (strncmp(setting, parts[i], strlen(parts[i])) == 0)
			return true;
	}
	return false;
}

/* In a file of the site ("mca"), or in one that is as its package brought it ("stock"). */
static bool has_entry(const struct node *node, const char *list, const char *setting)
{
	const char *entry;

	for (size_t i = 0; (entry = node_entry(node, list, i)); i++) {
		if (strcmp(entry + strcspn(entry, " "), setting) == 0)
			return true;
	}
	return false;
}

/* What one has and the other hasn't. */
static void compare(struct job_hosts *hosts, const struct node *one, const struct node *other,
	const char *list)
{
	const char *entry;

	for (size_t i = 0; (entry = node_entry(one, list, i)); i++) {
		size_t size = strcspn(entry, " ");
		const char *setting = entry + size;

		if (setting[0] && must_agree(setting + 1) && !strstr(setting, "_if_exclude=")
				&& !has_entry(other, "mca", setting) && !has_entry(other, "stock", setting))
			nodes_find(hosts, "set it on both, or with the task's 'mca', or nowhere",
				"%.*s on %s sets %.80s, which %s does not", (int)size, entry, one->name, setting + 1,
				other->name);
	}
}

static void compare_both(struct job_hosts *hosts, const struct node *one, const struct node *other)
{
	compare(hosts, one, other, "mca");
	compare(hosts, one, other, "stock");
	compare(hosts, other, one, "mca");
	compare(hosts, other, one, "stock");
}

/* Open MPI takes either what to include, as a job of beoplay gets it, or what to exclude. */
static void look_at_excluded(struct job_hosts *hosts, const struct node *node)
{
	const char *entry;

	for (size_t i = 0; (entry = node_entry(node, "mca", i)); i++) {
		size_t size = strcspn(entry, " ");
		const char *setting = entry[size] ? entry + size + 1 : entry + size;

		if (strstr(setting, "_if_exclude="))
			nodes_find(hosts, "take that line out", "%.*s on %s sets %.*s, which can't be together with "
				"the network that a job gets", (int)size, entry, node->name, (int)strcspn(setting, "="),
				setting);
		else if (!must_agree(setting))
			nodes_advise(hosts, "look whether that is wanted", "%.*s on %s sets %.80s", (int)size, entry,
				node->name, setting);
	}
}

void settings_look(struct job_hosts *hosts)
{
	for (size_t i = 0; hosts->count > 1 && i < hosts->count; i++) {
		look_at_excluded(hosts, &hosts->nodes[i]);
		if (i > 0)
			compare_both(hosts, &hosts->nodes[0], &hosts->nodes[i]);
	}
}
