package yamlpos

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"
)

// SchemaOptions say what a schema cannot know from the Go type alone.
type SchemaOptions struct {
	ID    string // the schema's address
	Title string
	// Type gives the schema of a type that decodes itself, or nil.
	Type func(reflect.Type) *jsonschema.Schema
	// Describe gives the description of a field, by its struct and Go name.
	Describe func(structure reflect.Type, field string) string
}

// Schema is the JSON schema, indented, of what [Decode] takes for the type of
// the value: the same tags name the keys.
func Schema(value any, options SchemaOptions) ([]byte, error) {
	reflector := jsonschema.Reflector{
		FieldNameTag:               "yaml",
		Anonymous:                  true,
		DoNotReference:             true,
		RequiredFromJSONSchemaTags: true,
		LookupComment:              options.Describe,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == nodeType || t == nodeType.Elem() {
				return jsonschema.TrueSchema
			}
			return options.Type(t)
		},
	}
	schema := reflector.Reflect(value)
	schema.ID, schema.Title = jsonschema.ID(options.ID), options.Title
	data, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema %s: %w", options.ID, err)
	}
	return append(data, '\n'), nil
}
