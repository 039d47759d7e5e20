/* What ansible-vault 2.14 has encrypted, with "correct horse" unless it is said. */
#include "yaml/tree.h"
#include "yaml/vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SIXTEEN "61643837363037623361646137396365653038353035333137393338646235646231336361306332\n" \
	"3363323662663264323433623961643033316636353735660a653938653766393930666433356633\n" \
	"65333062333339653133613036623533316534613561626136666637313138363033633162633237\n" \
	"3463343530663730610a313439366363323938626636376137613139323838376366643165623335\n" \
	"61383039653332383735366331313636396465333330646334663961363634393666\n"
#define HEAD "$ANSIBLE_VAULT;1.1;AES256\n"

static const char empty[] = HEAD
	"33393334656138343065656364363438323161333735643739346537306537316439373261313065\n"
	"6163623533643238343631633538646534623730336132630a656235326332396331386139393864\n"
	"31666134633434623737303163343365383038363938366636376666623665356330623039393465\n"
	"3437363065653034370a323637363539376133323164373834326331356330656364613465346435\n"
	"3431\n";
/* "Vaultlabelled", with "other words". */
static const char labelled[] = "password: !vault |\n"
	"  $ANSIBLE_VAULT;1.2;AES256;lab\n"
	"  39623464646661636334623931653936373538383034323736613664653165373633656261363834\n"
	"  3963393962666566636232333630386362636236363931630a363031623439346361653837373866\n"
	"  61663363656466313937646234336362396537613965616132373162643765623963313961353966\n"
	"  6634636437646235630a366638383263336365393933626661376465396534303232333566303666\n"
	"  3730\n";

static struct arena *arena;
static struct error failure;

static const char *decrypt(const char *text)
{
	const struct place place = { "a.yml", 3, 7 };
	char *plain;
	size_t size;

	error_clear(&failure);
	if (vault_decrypt(arena, text, strlen(text), place, &plain, &size, &failure) < 0)
		return NULL;
	assert_int_equal(size, strlen(plain));
	return plain;
}

static void assert_refused(const char *text, const char *message)
{
	assert_null(decrypt(text));
	assert_ptr_equal(failure.code, YAML_VAULT);
	assert_non_null(strstr(failure.message, message));
	assert_int_equal(failure.place.line, 3);
}

static void without_a_password_it_says_how_to_give_one(void **state)
{
	(void)state;
	assert_refused(HEAD SIXTEEN, "its password is missing");
	assert_non_null(strstr(failure.remedy, "--vault-password-file"));
}

static void a_wrong_password_is_told(void **state)
{
	(void)state;
	vault_know("wrong");
	assert_refused(HEAD SIXTEEN, "the vault password doesn't decrypt this");
	vault_know("wrong, too");
	assert_refused(HEAD SIXTEEN, "none of the vault passwords");
}

static void any_of_the_passwords_decrypts(void **state)
{
	struct value *root;

	(void)state;
	vault_know("correct horse");
	vault_know("other words");
	assert_string_equal(decrypt(HEAD SIXTEEN), "0123456789abcdef");
	assert_string_equal(decrypt(empty), "");
	assert_int_equal(tree_parse(arena, "a.yml", labelled, strlen(labelled), &root, &failure), 0);
	assert_string_equal(value_get_string(root, "password"), "Vaultlabelled");
	assert_int_equal(value_get(root, "password")->level, LEVEL_SECRET);
	assert_true(value_get(root, "password")->data);
	assert_int_equal(value_get(root, "password")->place.line, 1);
}

static void ends_of_lines_may_be_those_of_windows(void **state)
{
	char text[1024];
	size_t size = 0;

	(void)state;
	for (const char *at = HEAD SIXTEEN; *at; at++) {
		if (*at == '\n')
			text[size++] = '\r';
		text[size++] = *at;
	}
	text[size] = '\0';
	assert_string_equal(decrypt(text), "0123456789abcdef");
}

/* Each byte of it counts: none may be changed, and nothing may be missing or be added. */
static void what_was_changed_is_refused(void **state)
{
	char *text = arena_string(arena, HEAD SIXTEEN);

	(void)state;
	for (size_t i = strlen(HEAD); i < strlen(HEAD SIXTEEN); i += 41) {
		char was = text[i];

		text[i] = was == '6' ? '7' : '6';
		assert_null(decrypt(text));
		text[i] = was;
	}
	for (size_t size = strlen(HEAD); size + 1 < strlen(HEAD SIXTEEN); size += 13)
		assert_null(decrypt(arena_bytes(arena, HEAD SIXTEEN, size)));
	assert_null(decrypt(HEAD SIXTEEN "61"));
	assert_null(decrypt(HEAD SIXTEEN "password: x\n"));
}

static void other_formats_are_refused(void **state)
{
	(void)state;
	assert_refused("$ANSIBLE_VAULT;1.0;AES\n" SIXTEEN, "formats 1.1 and 1.2");
	assert_refused("$ANSIBLE_VAULT;1.1;AES2567\n" SIXTEEN, "formats");
	assert_refused("$ANSIBLE_VAULT;1.2;AES256;\n" SIXTEEN, "formats");
	assert_refused("$ANSIBLE_VAULT;", "formats");
	assert_refused(HEAD, "isn't whole");
	assert_refused(HEAD "0a0a0a\n", "isn't whole");
	assert_refused(HEAD "616\n", "isn't whole");
	assert_refused("secret", "formats");
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* In this order: passwords are known from where they are given. */
		cmocka_unit_test(without_a_password_it_says_how_to_give_one),
		cmocka_unit_test(a_wrong_password_is_told),
		cmocka_unit_test(any_of_the_passwords_decrypts),
		cmocka_unit_test(ends_of_lines_may_be_those_of_windows),
		cmocka_unit_test(what_was_changed_is_refused),
		cmocka_unit_test(other_formats_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
