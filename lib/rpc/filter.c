/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/date.h"
#include "lib/rpc/filter.h"
#include "lib/rpc/pattern.h"
#include "lib/rpc/value.h"

enum op {
	OP_EQ, OP_NE, OP_GT, OP_GE, OP_LT, OP_LE,
	OP_MATCH,
	OP_IN, OP_NIN, OP_RIN, OP_RNIN,
	OP_STARTS, OP_NOT_STARTS, OP_ENDS, OP_NOT_ENDS,
};

/* What the value of an operator must be. */
enum wants {
	WANTS_ANY,
	WANTS_STRING,
	WANTS_ARRAY,
};

static const struct op_row {
	const char	*name;
	enum op		 op;
	enum wants	 wants;
} ops[] = {
	{ "=",		OP_EQ,		WANTS_ANY },
	{ "!=",		OP_NE,		WANTS_ANY },
	{ ">",		OP_GT,		WANTS_ANY },
	{ ">=",		OP_GE,		WANTS_ANY },
	{ "<",		OP_LT,		WANTS_ANY },
	{ "<=",		OP_LE,		WANTS_ANY },
	{ "~",		OP_MATCH,	WANTS_STRING },
	{ "in",		OP_IN,		WANTS_ARRAY },
	{ "nin",	OP_NIN,		WANTS_ARRAY },
	{ "rin",	OP_RIN,		WANTS_ANY },
	{ "rnin",	OP_RNIN,	WANTS_ANY },
	{ "^",		OP_STARTS,	WANTS_STRING },
	{ "!^",		OP_NOT_STARTS,	WANTS_STRING },
	{ "$",		OP_ENDS,	WANTS_STRING },
	{ "!$",		OP_NOT_ENDS,	WANTS_STRING },
};

/* The elements of "in": scalars in order, the others as they come. */
struct set {
	const json_t	**scalars;
	size_t		  nscalars;
	const json_t	**others;	/* the end of the same block */
	size_t		  nothers;
};

enum node_kind { NODE_LEAF, NODE_AND, NODE_OR };

struct node {
	enum node_kind	 kind;
	struct node	*next;		/* of the same parent */
	struct node	*child;		/* AND, OR: the first */
	enum op		 op;
	bool		 fold;
	struct nk_path	 path;
	json_t		*value;		/* folded where fold is set */
	struct set	 set;
	struct nk_pattern *pattern;
};

struct nk_filter {
	struct node	*top;		/* an AND */
	size_t		 nleaves;
	size_t		 npatterns;
	struct nk_error	*e;		/* only while it is compiled */
};

static int compile_list(struct nk_filter *f, const json_t *list,
    unsigned int depth, struct node **np);

/* ---- compiling ---- */

static int
refuse(struct nk_filter *f, const char *text)
{
	nk_error_add(f->e, "filters", EINVAL, "%s", text);
	return -EINVAL;
}

/* As deep as filters nest. */
static void
free_node(struct node *n)
{
	struct node *child;

	if (n == NULL)
		return;
	while ((child = n->child) != NULL) {
		n->child = child->next;
		free_node(child);
	}
	nk_path_clear(&n->path);
	nk_pattern_free(n->pattern);
	free(n->set.scalars);
	json_decref(n->value);
	free(n);
}

static int
compare_elements(const void *a, const void *b)
{
	return nk_value_compare(*(const json_t *const *)a,
	    *(const json_t *const *)b);
}

static int
make_set(struct set *s, const json_t *array)
{
	size_t i, n = json_array_size(array);
	const json_t *v;

	if ((s->scalars = calloc(n + 1, sizeof(*s->scalars))) == NULL)
		return -ENOMEM;
	s->others = s->scalars + n;
	for (i = 0; i < n; i++) {
		v = json_array_get(array, i);
		if (nk_value_is_scalar(v))
			s->scalars[s->nscalars++] = v;
		else {
			*--s->others = v;
			s->nothers++;
		}
	}
	qsort(s->scalars, s->nscalars, sizeof(*s->scalars), compare_elements);
	return 0;
}

static int
set_op(struct nk_filter *f, struct node *n, const json_t *text,
    enum wants *wantsp)
{
	const char *name = json_string_value(text);
	size_t i;

	if (name == NULL)
		return refuse(f, "The operation of a filter must be a string");
	if (name[0] == 'C') {
		n->fold = true;
		name++;
	}
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (strcmp(ops[i].name, name) != 0)
			continue;
		n->op = ops[i].op;
		*wantsp = ops[i].wants;
		if (n->fold && n->op == OP_MATCH)
			break;
		return 0;
	}
	nk_error_add(f->e, "filters", EINVAL, "Invalid operation: %.32s",
	    json_string_value(text));
	return -EINVAL;
}

static int
set_path(struct nk_filter *f, struct node *n, const json_t *field)
{
	const char *why = NULL;
	int r;

	if (!json_is_string(field))
		return refuse(f, "The field of a filter must be a string");
	if ((r = nk_path_init(&n->path, json_string_value(field), &why)) ==
	    -EINVAL)
		nk_error_add(f->e, "filters", EINVAL, "Invalid filter: %s",
		    why);
	return r;
}

static int
set_pattern(struct nk_filter *f, struct node *n, const json_t *value)
{
	const char *why = NULL;
	int r;

	if (f->npatterns++ == NK_FILTERS_PATTERNS_MAX)
		return refuse(f, "There are more than 8 regular expressions");
	r = nk_pattern_new(&n->pattern, json_string_value(value), &why);
	if (r == -EINVAL)
		nk_error_add(f->e, "filters", EINVAL,
		    "Invalid regular expression: %s", why);
	return r;
}

/* The date becomes the number that rows have in "$date". */
static int
set_date(struct nk_filter *f, struct node *n, const json_t *value)
{
	int64_t ms;

	if (n->fold || n->op > OP_LE)
		return refuse(f, "A field that ends in .$date can only be "
		    "compared: = != > >= < <=");
	if (!json_is_string(value) ||
	    nk_date_parse(json_string_value(value), &ms) < 0)
		return refuse(f, "A field that ends in .$date takes a date "
		    "such as \"2024-01-31T12:00:00Z\"");
	n->value = json_integer(ms);
	return n->value != NULL ? 0 : -ENOMEM;
}

static bool
is_date_field(const struct nk_path *p)
{
	return p->n > 1 && strcmp(p->v[p->n - 1].key, "$date") == 0;
}

static int
set_value(struct nk_filter *f, struct node *n, json_t *value,
    enum wants wants)
{
	if (is_date_field(&n->path))
		return set_date(f, n, value);
	if (wants == WANTS_STRING && !json_is_string(value))
		return refuse(f, "The operations ~ ^ !^ $ !$ take a string");
	if (wants == WANTS_ARRAY && !json_is_array(value))
		return refuse(f, "The operations in and nin take an array");
	if (n->op == OP_MATCH)
		return set_pattern(f, n, value);
	n->value = n->fold ? nk_value_fold(value) : json_incref(value);
	if (n->value == NULL)
		return -ENOMEM;
	return wants == WANTS_ARRAY ? make_set(&n->set, n->value) : 0;
}

static int
compile_leaf(struct nk_filter *f, const json_t *filter, struct node *n)
{
	enum wants wants = WANTS_ANY;
	int r;

	if (f->nleaves++ == NK_FILTERS_MAX)
		return refuse(f, "There are more than 1000 filters");
	if (json_array_size(filter) != 3)
		return refuse(f, "Invalid filter: it must be "
		    "[field, operation, value] or [\"OR\", [filters]]");
	if ((r = set_path(f, n, json_array_get(filter, 0))) < 0 ||
	    (r = set_op(f, n, json_array_get(filter, 1), &wants)) < 0)
		return r;
	return set_value(f, n, json_array_get(filter, 2), wants);
}

static bool
is_or(const json_t *filter)
{
	const char *word = json_string_value(json_array_get(filter, 0));

	return word != NULL && strcmp(word, "OR") == 0 &&
	    json_array_size(filter) == 2;
}

/* Each branch becomes an AND below n. */
static int
compile_or(struct nk_filter *f, const json_t *branches, unsigned int depth,
    struct node *n)
{
	struct node **endp = &n->child;
	const json_t *branch;
	json_t *list;
	size_t i;
	int r;

	n->kind = NODE_OR;
	if (depth > NK_FILTERS_DEPTH_MAX)
		return refuse(f, "Filters are nested more than 3 deep");
	if (!json_is_array(branches) || json_array_size(branches) == 0)
		return refuse(f, "OR takes a list of filters");
	for (i = 0; i < json_array_size(branches); i++) {
		branch = json_array_get(branches, i);
		if (!json_is_array(branch) || json_array_size(branch) == 0)
			return refuse(f, "A branch of OR must be a filter or "
			    "a list of filters");
		if (json_is_array(json_array_get(branch, 0))) {
			r = compile_list(f, branch, depth, endp);
		} else {
			if ((list = json_array()) == NULL)
				return -ENOMEM;
			r = json_array_append(list,
			    json_array_get(branches, i)) == -1 ? -ENOMEM :
			    compile_list(f, list, depth, endp);
			json_decref(list);
		}
		if (r < 0)
			return r;
		endp = &(*endp)->next;
	}
	return 0;
}

/* *np is a new node or NULL. */
static int
compile_list(struct nk_filter *f, const json_t *list, unsigned int depth,
    struct node **np)
{
	const json_t *filter;
	struct node *and, *n, **endp;
	size_t i;
	int r = 0;

	if ((and = calloc(1, sizeof(*and))) == NULL)
		return -ENOMEM;
	*np = and;
	and->kind = NODE_AND;
	endp = &and->child;
	for (i = 0; i < json_array_size(list) && r == 0; i++) {
		filter = json_array_get(list, i);
		if (!json_is_array(filter))
			return refuse(f, "Invalid filter: it must be an array");
		if ((n = calloc(1, sizeof(*n))) == NULL)
			return -ENOMEM;
		*endp = n;
		endp = &n->next;
		if (is_or(filter))
			r = compile_or(f, json_array_get(filter, 1), depth + 1,
			    n);
		else
			r = compile_leaf(f, filter, n);
	}
	return r;
}

int
nk_filter_new(struct nk_filter **fp, const json_t *filters,
    struct nk_error *e)
{
	struct nk_filter *f;
	int r;

	*fp = NULL;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return -ENOMEM;
	f->e = e;
	if (filters != NULL && !json_is_array(filters))
		r = refuse(f, "Input should be a valid list");
	else
		r = compile_list(f, filters, 0, &f->top);
	f->e = NULL;
	if (r < 0) {
		nk_filter_free(f);
		return r;
	}
	*fp = f;
	return 0;
}

void
nk_filter_free(struct nk_filter *f)
{
	if (f == NULL)
		return;
	free_node(f->top);
	free(f);
}

static const json_t *
find_leaf(const struct nk_filter *f, enum op op, const char *field)
{
	const struct node *n;

	for (n = f->top->child; n != NULL; n = n->next) {
		if (n->kind == NODE_LEAF && n->op == op && !n->fold &&
		    n->path.n == 1 && strcmp(n->path.v[0].key, field) == 0)
			return n->value;
	}
	return NULL;
}

const json_t *
nk_filter_wants(const struct nk_filter *f, const char *field)
{
	return find_leaf(f, OP_EQ, field);
}

const json_t *
nk_filter_wants_above(const struct nk_filter *f, const char *field)
{
	return find_leaf(f, OP_GT, field);
}

/* ---- matching ---- */

static bool
is_in_set(const struct set *s, const json_t *x)
{
	size_t i;

	if (nk_value_is_scalar(x))
		return bsearch(&x, s->scalars, s->nscalars,
		    sizeof(*s->scalars), compare_elements) != NULL;
	for (i = 0; i < s->nothers; i++) {
		if (nk_value_is_equal(x, s->others[i]))
			return true;
	}
	return false;
}

/* Does x hold y?  1, 0, or -1 when x cannot hold any such thing. */
static int
holds(const json_t *x, const json_t *y)
{
	size_t i;

	if (json_is_string(x) && json_is_string(y))
		return strstr(json_string_value(x),
		    json_string_value(y)) != NULL;
	if (!json_is_array(x))
		return -1;
	for (i = 0; i < json_array_size(x); i++) {
		if (nk_value_is_equal(json_array_get(x, i), y))
			return 1;
	}
	return 0;
}

/* As holds(), for a beginning or an end. */
static int
begins_or_ends(const json_t *x, const json_t *y, bool ends)
{
	size_t nx, ny;

	if (!json_is_string(x) || !json_is_string(y))
		return -1;
	nx = json_string_length(x);
	ny = json_string_length(y);
	if (ny > nx)
		return 0;
	return memcmp(json_string_value(x) + (ends ? nx - ny : 0),
	    json_string_value(y), ny) == 0;
}

static bool
match_pattern(struct nk_pattern *p, const json_t *x)
{
	if (json_is_null(x))
		return nk_pattern_match(p, "");
	return json_is_string(x) && nk_pattern_match(p, json_string_value(x));
}

static bool
match_ordered(enum op op, const json_t *x, const json_t *y)
{
	int c;

	if (!nk_value_is_comparable(x, y))
		return false;
	c = nk_value_compare(x, y);
	switch (op) {
	case OP_GT:
		return c > 0;
	case OP_GE:
		return c >= 0;
	case OP_LT:
		return c < 0;
	default:
		return c <= 0;
	}
}

static bool
match_value(const struct node *n, const json_t *x)
{
	switch (n->op) {
	case OP_EQ:
		return nk_value_is_equal(x, n->value);
	case OP_NE:
		return !nk_value_is_equal(x, n->value);
	case OP_GT:
	case OP_GE:
	case OP_LT:
	case OP_LE:
		return match_ordered(n->op, x, n->value);
	case OP_MATCH:
		return match_pattern(n->pattern, x);
	case OP_IN:
		return is_in_set(&n->set, x);
	case OP_NIN:
		return !json_is_null(x) && !is_in_set(&n->set, x);
	case OP_RIN:
		return holds(x, n->value) == 1;
	case OP_RNIN:
		return holds(x, n->value) == 0;
	case OP_STARTS:
	case OP_NOT_STARTS:
		return begins_or_ends(x, n->value, false) ==
		    (n->op == OP_STARTS ? 1 : 0);
	case OP_ENDS:
	case OP_NOT_ENDS:
		return begins_or_ends(x, n->value, true) ==
		    (n->op == OP_ENDS ? 1 : 0);
	}
	return false;
}

/* For nk_path_each(): one of the values that the field has in the row. */
static int
match_one(void *arg, json_t *x)
{
	const struct node *n = arg;
	json_t *folded;
	int r;

	if (!n->fold)
		return match_value(n, x);
	if ((folded = nk_value_fold(x)) == NULL)
		return -ENOMEM;
	r = match_value(n, folded);
	json_decref(folded);
	return r;
}

/* As deep as filters nest. */
static int
match_node(struct node *n, json_t *row)
{
	struct node *child;
	int r;

	if (n->kind == NODE_LEAF)
		return nk_path_each(&n->path, row, match_one, n);
	for (child = n->child; child != NULL; child = child->next) {
		r = match_node(child, row);
		if (r < 0 || (r == 1) == (n->kind == NODE_OR))
			return r;
	}
	return n->kind == NODE_AND ? 1 : 0;
}

int
nk_filter_match(struct nk_filter *f, json_t *row)
{
	return match_node(f->top, row);
}
