/* Snapshots: immutable sets of objects, shared by whoever reads the catalog. */
#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "base/nearest.h"
#include "catalog/catalog_state.h"

const char *relation_kind_name(RelationKind kind) {
    static const char *const names[] = {"source", "sink",        "stream", "table",
                                        "view",   "system view", "secret"};

    return names[kind];
}

Status relation_check_sound(const Relation *relation, int position, Error *err) {
    const char *kind = relation_kind_name(relation->kind);
    const Error *cause = relation->broken;

    if (!cause)
        return STATUS_OK;
    IGNORE(error_at(err, position, OBJECT_NOT_IN_PREREQUISITE_STATE, "%s \"%s\" is broken: %s",
                    kind, relation->name, cause->message)); /* hinted */
    if (cause->hint[0])
        return error_hint(err, "%s", cause->hint);
    return error_hint(err, "SHOW CREATE tells what it was; DROP removes it.");
}

CatalogObject *catalog_object_ref(CatalogObject *object) {
    object->reference_count++;
    return object;
}

CatalogObject *catalog_object_unref(CatalogObject *object) {
    if (!object || --object->reference_count > 0)
        return NULL;
    arena_destroy(object->arena);
    memory_free(object);
    return NULL;
}

CatalogSnapshot *catalog_snapshot_create(Catalog *catalog) {
    CatalogSnapshot *snapshot = memory_zalloc(sizeof(*snapshot));

    snapshot->reference_count = 1;
    snapshot->catalog = catalog;
    return snapshot;
}

CatalogSnapshot *catalog_snapshot_ref(CatalogSnapshot *snapshot) {
    snapshot->reference_count++;
    return snapshot;
}

CatalogSnapshot *catalog_snapshot_unref(CatalogSnapshot *snapshot) {
    if (!snapshot || --snapshot->reference_count > 0)
        return NULL;
    for (int i = 0; i < snapshot->count; i++)
        catalog_object_unref(snapshot->objects[i]);
    memory_free(snapshot->objects);
    memory_free(snapshot);
    return NULL;
}

static int compare_names(const Relation *relation, const char *schema, const char *name) {
    int order = strcmp(relation->schema, schema);

    return order ? order : strcmp(relation->name, name);
}

/* Where the name is, or where it would stand. */
static int lower_bound(const CatalogSnapshot *snapshot, const char *schema, const char *name) {
    int low = 0;
    int high = snapshot->count;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (compare_names(&snapshot->objects[middle]->relation, schema, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void catalog_snapshot_insert(CatalogSnapshot *snapshot, CatalogObject *object) {
    int place = lower_bound(snapshot, object->relation.schema, object->relation.name);

    if (snapshot->count == snapshot->capacity) {
        snapshot->capacity = snapshot->capacity ? 2 * snapshot->capacity : 8;
        snapshot->objects = memory_realloc(snapshot->objects, sizeof(*snapshot->objects) *
                                                                  (size_t) snapshot->capacity);
    }
    memmove(&snapshot->objects[place + 1], &snapshot->objects[place],
            sizeof(*snapshot->objects) * (size_t) (snapshot->count - place));
    snapshot->objects[place] = catalog_object_ref(object);
    snapshot->count++;
}

CatalogSnapshot *catalog_snapshot_change(const CatalogSnapshot *snapshot,
                                         const CatalogObject *without, CatalogObject *with) {
    CatalogSnapshot *changed = catalog_snapshot_create(snapshot->catalog);

    changed->capacity = snapshot->count + 1;
    changed->objects = memory_alloc(sizeof(*changed->objects) * (size_t) changed->capacity);
    for (int i = 0; i < snapshot->count; i++)
        if (snapshot->objects[i] != without)
            changed->objects[changed->count++] = catalog_object_ref(snapshot->objects[i]);
    if (with)
        catalog_snapshot_insert(changed, with);
    return changed;
}

CatalogObject *catalog_snapshot_object(const CatalogSnapshot *snapshot, int64_t id) {
    for (int i = 0; i < snapshot->count; i++)
        if (snapshot->objects[i]->relation.id == id)
            return snapshot->objects[i];
    return NULL;
}

/* -------- looking up -------- */

static const Relation *find_system(const Catalog *catalog, const char *schema, const char *name) {
    for (int i = 0; i < catalog->system_count; i++)
        if (compare_names(&catalog->systems[i], schema, name) == 0)
            return &catalog->systems[i];
    return NULL;
}

static const Relation *find_in_schema(const CatalogSnapshot *snapshot, const char *schema,
                                      const char *name) {
    int place = lower_bound(snapshot, schema, name);

    if (place < snapshot->count &&
        compare_names(&snapshot->objects[place]->relation, schema, name) == 0)
        return &snapshot->objects[place]->relation;
    return find_system(snapshot->catalog, schema, name);
}

const Relation *catalog_find(const CatalogSnapshot *snapshot, const char *schema,
                             const char *name) {
    static const char *const search_path[] = {"public", "millrace", "pg_catalog"};
    const Relation *relation = NULL;

    if (schema)
        return strcmp(schema, CATALOG_SECRETS) ? find_in_schema(snapshot, schema, name) : NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(search_path) && !relation; i++)
        relation = find_in_schema(snapshot, search_path[i], name);
    return relation;
}

const Relation *catalog_find_secret(const CatalogSnapshot *snapshot, const char *name) {
    return find_in_schema(snapshot, CATALOG_SECRETS, name);
}

const Relation *catalog_find_id(const CatalogSnapshot *snapshot, int64_t id) {
    const Catalog *catalog = snapshot->catalog;
    CatalogObject *object = catalog_snapshot_object(snapshot, id);

    if (object)
        return &object->relation;
    for (int i = 0; i < catalog->system_count; i++)
        if (catalog->systems[i].id == id)
            return &catalog->systems[i];
    return NULL;
}

int catalog_count(const CatalogSnapshot *snapshot) {
    return snapshot->count;
}

const Relation *catalog_at(const CatalogSnapshot *snapshot, int index) {
    assert(index >= 0 && index < snapshot->count);
    return &snapshot->objects[index]->relation;
}

const char *catalog_nearest(const CatalogSnapshot *snapshot, const char *name, unsigned kinds) {
    Nearest nearest = nearest_begin(name);
    bool with_system = (kinds & 1U << RELATION_SYSTEM) != 0;

    for (int i = 0; i < snapshot->count; i++)
        if (kinds & 1U << snapshot->objects[i]->relation.kind)
            nearest_offer(&nearest, snapshot->objects[i]->relation.name);
    for (int i = 0; with_system && i < snapshot->catalog->system_count; i++)
        if (strcmp(snapshot->catalog->systems[i].schema, "millrace") == 0)
            nearest_offer(&nearest, snapshot->catalog->systems[i].name);
    return nearest.best;
}

/* -------- system relations -------- */

static const RelationColumn *system_columns(const SystemTable *table, Arena *arena,
                                            int *ret_count) {
    RelationColumn *columns;
    int count = 0;

    while (table->columns[count].name)
        count++;
    columns = arena_new_array(arena, RelationColumn, (size_t) count + 1);
    for (int i = 0; i < count; i++) {
        const SystemColumn *column = &table->columns[i];

        columns[i].name = column->name;
        columns[i].type = (SqlType) {.id = column->type, .typmod = -1};
        if (column->type == TYPE_ARRAY)
            columns[i].type = type_array_of(column->element);
    }
    *ret_count = count;
    return columns;
}

/* Their ids are negative: never those of user objects. */
static void add_system_relation(Catalog *catalog, const SystemTable *table) {
    Relation *relation = &catalog->systems[catalog->system_count++];

    *relation = (Relation) {.id = -catalog->system_count,
                            .kind = RELATION_SYSTEM,
                            .schema = table->schema,
                            .name = table->name,
                            .definition = "",
                            .watermark_column = -1,
                            .idle_after_us = -1,
                            .system = table};
    relation->columns = system_columns(table, catalog->arena, &relation->column_count);
}

void catalog_make_system_relations(Catalog *catalog) {
    const SystemTable *const *const *families = catalog->registry->system_tables;
    size_t count = 0;

    for (int f = 0; families[f]; f++)
        for (int i = 0; families[f][i]; i++)
            count++;
    catalog->systems = arena_new_array(catalog->arena, Relation, count + 1);
    for (int f = 0; families[f]; f++)
        for (int i = 0; families[f][i]; i++)
            add_system_relation(catalog, families[f][i]);
}
