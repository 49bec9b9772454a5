// SPDX-License-Identifier: BSD-3-Clause
#include "configuration.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "allocation.h"

enum { PATH_OCTETS = 128 };

struct value {
	const struct configuration_key *key;
	unsigned line; /* 0: from the default */
	bool present;
	char *text;
	long long integer;
	struct endpoint endpoint;
	unsigned prefix_length;
	char **texts;
	struct configuration_node **nodes; /* one for a section */
	size_t count;
};

struct configuration_node {
	const struct configuration *configuration;
	const struct configuration_key *schema;
	struct value *values; /* one a key of the schema */
	size_t value_count;
	unsigned line;
};

struct configuration {
	char *path;
	struct configuration_node *root;
};

struct load {
	const struct configuration *configuration;
	yaml_document_t *document;
	char *error;
};

static const char *const type_names[] = {
        [CONFIGURATION_BOOLEAN] = "yes or no",
        [CONFIGURATION_INTEGER] = "an integer",
        [CONFIGURATION_TEXT] = "a text",
        [CONFIGURATION_CHOICE] = "one of",
        [CONFIGURATION_ADDRESS] = "an IPv6 or IPv4 address",
        [CONFIGURATION_ENDPOINT] = "an address with an optional port, like [2001:db8::1]:53",
        [CONFIGURATION_PREFIX] = "a prefix without bits beyond its length, like 2001:db8:aa::/48",
        [CONFIGURATION_TEXT_LIST] = "a list of texts",
        [CONFIGURATION_SECTION] = "a map",
        [CONFIGURATION_LIST] = "a list of maps",
};

__attribute__((format(printf, 3, 4))) static int fail(const struct load *load, unsigned line, const char *format, ...)
{
	va_list arguments;
	int used = snprintf(load->error, CONFIGURATION_ERROR_OCTETS, "%.200s:%u: ", load->configuration->path, line);

	va_start(arguments, format);
	vsnprintf(load->error + used, CONFIGURATION_ERROR_OCTETS - (size_t)used, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static size_t schema_count(const struct configuration_key *schema)
{
	size_t count = 0;

	while (schema[count].name)
		count++;
	return count;
}

static unsigned line_of(const yaml_node_t *node)
{
	return (unsigned)node->start_mark.line + 1;
}

int configuration_parse_prefix(const char *text, struct in6_addr *prefix, unsigned *length)
{
	char copy[ENDPOINT_TEXT_OCTETS + 8];
	char *slash, *end;
	unsigned long bits;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (!slash || slash[1] < '0' || slash[1] > '9')
		return -EINVAL;
	*slash = '\0';
	bits = strtoul(slash + 1, &end, 10);
	if (*end || bits > 128 || address_parse(copy, prefix))
		return -EINVAL;
	if (IN6_IS_ADDR_V4MAPPED(prefix) && !strchr(copy, ':'))
		bits += 96;
	if (bits > 128)
		return -EINVAL;
	for (unsigned bit = (unsigned)bits; bit < 128; bit++)
		if (prefix->s6_addr[bit / 8] & (0x80 >> bit % 8))
			return -EINVAL;
	*length = (unsigned)bits;
	return 0;
}

bool configuration_is_choice(const char *choices, const char *text)
{
	size_t length = strlen(text);

	for (const char *at = choices; length && (at = strstr(at, text)); at += length)
		if ((at == choices || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static int parse_boolean(const char *text, long long *boolean)
{
	*boolean = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;
	return *boolean || strcmp(text, "no") == 0 || strcmp(text, "false") == 0 ? 0 : -EINVAL;
}

static int parse_integer(const struct configuration_key *key, const char *text, long long *integer)
{
	char *end;

	errno = 0;
	*integer = strtoll(text, &end, 10);
	return errno || end == text || *end || *integer < key->minimum || *integer > key->maximum ? -EINVAL : 0;
}

static int parse_scalar(struct value *value, const char *text)
{
	const struct configuration_key *key = value->key;
	size_t maximum = key->maximum ? (size_t)key->maximum : 4095;

	switch (key->type) {
	case CONFIGURATION_BOOLEAN:
		return parse_boolean(text, &value->integer);
	case CONFIGURATION_INTEGER:
		return parse_integer(key, text, &value->integer);
	case CONFIGURATION_TEXT:
		return strlen(text) < (size_t)key->minimum || strlen(text) > maximum ? -EINVAL : 0;
	case CONFIGURATION_CHOICE:
		return configuration_is_choice(key->choices, text) ? 0 : -EINVAL;
	case CONFIGURATION_ADDRESS:
		return address_parse(text, &value->endpoint.address);
	case CONFIGURATION_ENDPOINT:
		return endpoint_parse(text, &value->endpoint);
	case CONFIGURATION_PREFIX:
		return configuration_parse_prefix(text, &value->endpoint.address, &value->prefix_length);
	default:
		return -EINVAL;
	}
}

static void describe(const struct configuration_key *key, char *text, size_t octets)
{
	if (key->type == CONFIGURATION_INTEGER)
		snprintf(text, octets, "an integer from %lld to %lld", key->minimum, key->maximum);
	else if (key->type == CONFIGURATION_TEXT && (key->minimum || key->maximum))
		snprintf(text, octets, "a text of %lld to %lld octets", key->minimum,
		         key->maximum ? key->maximum : 4095);
	else if (key->type == CONFIGURATION_CHOICE)
		snprintf(text, octets, "one of: %s", key->choices);
	else
		snprintf(text, octets, "%s", type_names[key->type]);
}

static int wrong_value(const struct load *load, unsigned line, const struct configuration_key *key, const char *found)
{
	char right[200];

	describe(key, right, sizeof(right));
	return fail(load, line, "%s: '%.80s' is not right; it takes %s", key->name, found, right);
}

static int load_map(const struct load *load, const struct configuration_key *schema, const yaml_node_t *yaml,
                    unsigned line, struct configuration_node **made);

static int load_text_list(const struct load *load, struct value *value, const yaml_node_t *yaml)
{
	size_t count;

	if (yaml->type == YAML_SCALAR_NODE) {
		value->texts = allocate(sizeof(*value->texts));
		value->texts[value->count++] = allocate_text((const char *)yaml->data.scalar.value);
		return 0;
	}
	if (yaml->type != YAML_SEQUENCE_NODE)
		return wrong_value(load, value->line, value->key, "a map");
	count = (size_t)(yaml->data.sequence.items.top - yaml->data.sequence.items.start);
	value->texts = allocate(count * sizeof(*value->texts));
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = yaml_document_get_node(load->document, yaml->data.sequence.items.start[i]);

		if (item->type != YAML_SCALAR_NODE)
			return wrong_value(load, line_of(item), value->key, "a list or map in it");
		value->texts[value->count++] = allocate_text((const char *)item->data.scalar.value);
	}
	return 0;
}

static int load_list(const struct load *load, struct value *value, const yaml_node_t *yaml)
{
	size_t count;
	int result = 0;

	if (yaml->type != YAML_SEQUENCE_NODE)
		return wrong_value(load, value->line, value->key, yaml->type == YAML_SCALAR_NODE ? "a text" : "a map");
	count = (size_t)(yaml->data.sequence.items.top - yaml->data.sequence.items.start);
	value->nodes = allocate(count * sizeof(*value->nodes));
	for (size_t i = 0; i < count && !result; i++) {
		const yaml_node_t *item = yaml_document_get_node(load->document, yaml->data.sequence.items.start[i]);

		result = load_map(load, value->key->keys, item, line_of(item), &value->nodes[i]);
		if (value->nodes[i])
			value->count = i + 1;
	}
	return result;
}

static int load_section(const struct load *load, struct value *value, const yaml_node_t *yaml, unsigned line)
{
	value->nodes = allocate(sizeof(*value->nodes));
	value->count = 1;
	return load_map(load, value->key->keys, yaml, line, &value->nodes[0]);
}

static int load_value(const struct load *load, struct value *value, const yaml_node_t *yaml)
{
	const char *text;

	value->line = line_of(yaml);
	value->present = true;
	switch (value->key->type) {
	case CONFIGURATION_TEXT_LIST:
		return load_text_list(load, value, yaml);
	case CONFIGURATION_LIST:
		return load_list(load, value, yaml);
	case CONFIGURATION_SECTION:
		return load_section(load, value, yaml, value->line);
	default:
		break;
	}
	if (yaml->type != YAML_SCALAR_NODE)
		return wrong_value(load, value->line, value->key,
		                   yaml->type == YAML_SEQUENCE_NODE ? "a list" : "a map");
	text = (const char *)yaml->data.scalar.value;
	if (parse_scalar(value, text))
		return wrong_value(load, value->line, value->key, text);
	value->text = allocate_text(text);
	return 0;
}

static int default_value(const struct load *load, struct value *value, unsigned line)
{
	const struct configuration_key *key = value->key;

	if (key->type == CONFIGURATION_SECTION)
		return load_section(load, value, NULL, line);
	if (!key->default_text) {
		char right[200];

		describe(key, right, sizeof(right));
		return fail(load, line, "'%s' is missing; it takes %s", key->name, right);
	}
	if (!key->default_text[0])
		return 0;
	if (key->type == CONFIGURATION_TEXT_LIST) {
		value->texts = allocate(sizeof(*value->texts));
		value->texts[value->count++] = allocate_text(key->default_text);
	} else if (parse_scalar(value, key->default_text)) {
		abort(); /* a schema whose own default is out of its range */
	}
	value->text = allocate_text(key->default_text);
	value->present = true;
	return 0;
}

static struct value *find_value(const struct configuration_node *node, const char *name)
{
	for (size_t i = 0; i < node->value_count; i++)
		if (strcmp(node->values[i].key->name, name) == 0)
			return &node->values[i];
	return NULL;
}

static int unknown_key(const struct load *load, unsigned line, const char *name, const struct configuration_key *schema)
{
	char known[300] = "";
	size_t used = 0;

	for (; schema->name && used < sizeof(known) - 1; schema++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "", schema->name);
	return fail(load, line, "unknown key '%.60s'; known here: %s", name, known);
}

static int load_pairs(const struct load *load, struct configuration_node *node, const yaml_node_t *yaml)
{
	const yaml_node_pair_t *pair = yaml->data.mapping.pairs.start;
	int result = 0;

	for (; pair < yaml->data.mapping.pairs.top && !result; pair++) {
		const yaml_node_t *name = yaml_document_get_node(load->document, pair->key);
		const char *text = name->type == YAML_SCALAR_NODE ? (const char *)name->data.scalar.value : "";
		struct value *value = find_value(node, text);

		if (!value)
			return unknown_key(load, line_of(name), text, node->schema);
		if (value->present)
			return fail(load, line_of(name), "'%s' stands twice; it stood already in line %u", text,
			            value->line);
		result = load_value(load, value, yaml_document_get_node(load->document, pair->value));
	}
	return result;
}

static int load_map(const struct load *load, const struct configuration_key *schema, const yaml_node_t *yaml,
                    unsigned line, struct configuration_node **made)
{
	struct configuration_node *node = allocate(sizeof(*node));
	bool empty = !yaml || (yaml->type == YAML_SCALAR_NODE && yaml->data.scalar.length == 0);
	int result = 0;

	*made = node;
	node->configuration = load->configuration;
	node->schema = schema;
	node->line = line;
	node->value_count = schema_count(schema);
	node->values = allocate(node->value_count * sizeof(*node->values));
	for (size_t i = 0; i < node->value_count; i++)
		node->values[i].key = &schema[i];
	if (!empty && yaml->type != YAML_MAPPING_NODE)
		return fail(load, line, "this must be a map of keys and values");
	if (!empty)
		result = load_pairs(load, node, yaml);
	for (size_t i = 0; i < node->value_count && !result; i++)
		if (!node->values[i].present)
			result = default_value(load, &node->values[i], line);
	return result;
}

static int load_document(struct load *load, FILE *file, const struct configuration_key *schema,
                         struct configuration_node **root)
{
	yaml_parser_t parser;
	yaml_document_t document;
	int result;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_file(&parser, file);
	if (!yaml_parser_load(&parser, &document)) {
		result = fail(load, (unsigned)parser.problem_mark.line + 1, "this is not YAML: %s",
		              parser.problem ? parser.problem : "unreadable");
		yaml_parser_delete(&parser);
		return result;
	}
	load->document = &document;
	result = load_map(load, schema, yaml_document_get_root_node(&document), 1, root);
	yaml_document_delete(&document);
	yaml_parser_delete(&parser);
	return result;
}

struct configuration *configuration_load(const char *path, const struct configuration_key *schema,
                                         char error[CONFIGURATION_ERROR_OCTETS])
{
	struct configuration *configuration = allocate(sizeof(*configuration));
	struct load load = {.configuration = configuration, .error = error};
	FILE *file = fopen(path, "re");
	int result = -EINVAL;

	configuration->path = allocate_text(path);
	if (file) {
		result = load_document(&load, file, schema, &configuration->root);
		fclose(file);
	} else {
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "%.300s: %s", path, strerror(errno));
	}
	if (!result)
		return configuration;
	configuration_free(configuration);
	return NULL;
}

static void free_node(struct configuration_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->value_count; i++) {
		struct value *value = &node->values[i];

		for (size_t j = 0; value->texts && j < value->count; j++)
			free(value->texts[j]);
		for (size_t j = 0; value->nodes && j < value->count; j++)
			free_node(value->nodes[j]);
		free(value->texts);
		free(value->nodes);
		free(value->text);
	}
	free(node->values);
	free(node);
}

void configuration_free(struct configuration *configuration)
{
	if (!configuration)
		return;
	free_node(configuration->root);
	free(configuration->path);
	free(configuration);
}

const struct configuration_node *configuration_root(const struct configuration *configuration)
{
	return configuration->root;
}

/* --- differences --- */

static const char *text_or_nothing(const char *text)
{
	return text ? text : "";
}

static bool nodes_equal(const struct configuration_node *a, const struct configuration_node *b);

static bool values_equal(const struct value *a, const struct value *b)
{
	if (a->count != b->count || strcmp(text_or_nothing(a->text), text_or_nothing(b->text)) != 0)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (a->texts && strcmp(a->texts[i], b->texts[i]) != 0)
			return false;
		if (a->nodes && !nodes_equal(a->nodes[i], b->nodes[i]))
			return false;
	}
	return true;
}

static bool nodes_equal(const struct configuration_node *a, const struct configuration_node *b)
{
	for (size_t i = 0; i < a->value_count; i++) {
		if (!values_equal(&a->values[i], &b->values[i]))
			return false;
	}
	return true;
}

static void compare(const struct configuration_node *older, const struct configuration_node *newer, const char *prefix,
                    configuration_difference *differs, void *context)
{
	for (size_t i = 0; i < older->value_count; i++) {
		const struct value *before = &older->values[i], *after = &newer->values[i];
		bool is_scalar = before->key->type < CONFIGURATION_TEXT_LIST;
		char path[PATH_OCTETS];

		snprintf(path, sizeof(path), "%s%s%s", prefix, prefix[0] ? "." : "", before->key->name);
		if (before->key->type == CONFIGURATION_SECTION)
			compare(before->nodes[0], after->nodes[0], path, differs, context);
		else if (!values_equal(before, after))
			differs(context, before->key, path, is_scalar ? text_or_nothing(before->text) : NULL,
			        is_scalar ? text_or_nothing(after->text) : NULL);
	}
}

void configuration_compare(const struct configuration_node *older, const struct configuration_node *newer,
                           configuration_difference *differs, void *context)
{
	compare(older, newer, "", differs, context);
}

/* --- look-ups --- */

static const struct value *value_of(const struct configuration_node *node, const char *key)
{
	const struct value *value = find_value(node, key);

	if (!value) {
		fprintf(stderr, "error: the program asks for '%s', which its schema does not have\n", key);
		abort();
	}
	return value;
}

bool configuration_boolean(const struct configuration_node *node, const char *key)
{
	return value_of(node, key)->integer != 0;
}

long long configuration_integer(const struct configuration_node *node, const char *key)
{
	return value_of(node, key)->integer;
}

const char *configuration_text(const struct configuration_node *node, const char *key)
{
	return value_of(node, key)->text;
}

bool configuration_endpoint(const struct configuration_node *node, const char *key, struct endpoint *endpoint)
{
	const struct value *value = value_of(node, key);

	if (value->present)
		*endpoint = value->endpoint;
	return value->present;
}

int configuration_copy_text(const struct configuration_node *node, const char *key, char *to, size_t octets,
                            char error[CONFIGURATION_ERROR_OCTETS])
{
	const char *text = configuration_text(node, key);

	if ((size_t)snprintf(to, octets, "%s", text ? text : "") < octets)
		return 0;
	configuration_blame(node, key, error, "it takes at most %zu octets", octets - 1);
	return -ENAMETOOLONG;
}

bool configuration_address(const struct configuration_node *node, const char *key, struct in6_addr *address)
{
	struct endpoint endpoint;

	if (!configuration_endpoint(node, key, &endpoint))
		return false;
	*address = endpoint.address;
	return true;
}

bool configuration_prefix(const struct configuration_node *node, const char *key, struct in6_addr *prefix,
                          unsigned *length)
{
	const struct value *value = value_of(node, key);

	if (value->present) {
		*prefix = value->endpoint.address;
		*length = value->prefix_length;
	}
	return value->present;
}

size_t configuration_count(const struct configuration_node *node, const char *key)
{
	return value_of(node, key)->count;
}

const char *configuration_text_at(const struct configuration_node *node, const char *key, size_t index)
{
	const struct value *value = value_of(node, key);

	return index < value->count && value->texts ? value->texts[index] : NULL;
}

const struct configuration_node *configuration_node_at(const struct configuration_node *node, const char *key,
                                                       size_t index)
{
	const struct value *value = value_of(node, key);

	return index < value->count && value->nodes ? value->nodes[index] : NULL;
}

const struct configuration_node *configuration_section(const struct configuration_node *node, const char *key)
{
	return configuration_node_at(node, key, 0);
}

void configuration_blame(const struct configuration_node *node, const char *key, char error[CONFIGURATION_ERROR_OCTETS],
                         const char *format, ...)
{
	unsigned line = key && value_of(node, key)->line ? value_of(node, key)->line : node->line;
	va_list arguments;
	int used = snprintf(error, CONFIGURATION_ERROR_OCTETS, "%.200s:%u: %s%s", node->configuration->path, line,
	                    key ? key : "", key ? ": " : "");

	va_start(arguments, format);
	vsnprintf(error + used, CONFIGURATION_ERROR_OCTETS - (size_t)used, format, arguments);
	va_end(arguments);
}

static void print_keys(const struct configuration_key *schema, FILE *to, int depth)
{
	for (; schema->name; schema++) {
		char type[200];

		describe(schema, type, sizeof(type));
		fprintf(to, "%*s%s: %s", depth * 4, "", schema->name, type);
		if (!schema->default_text && !schema->keys)
			fprintf(to, " (required)");
		else if (schema->default_text && schema->default_text[0])
			fprintf(to, " (default %s)", schema->default_text);
		if (schema->is_live)
			fprintf(to, " [live]");
		fprintf(to, "\n%*s%s\n", depth * 4 + 8, "", schema->help);
		if (schema->keys)
			print_keys(schema->keys, to, depth + 1);
	}
}

void configuration_print_manual(const struct configuration_key *schema, FILE *to)
{
	print_keys(schema, to, 0);
}
