package profiles

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/invopop/jsonschema"

	"github.com/diorama-dev/diorama/internal/yamlpos"
	"github.com/diorama-dev/diorama/stacks"
)

// Schema is the JSON schema of a profile, for editors. It knows the parameters
// of the catalogue's stacks, and takes other instances too.
func Schema(catalogue stacks.Catalogue) ([]byte, error) {
	reflector := jsonschema.Reflector{
		FieldNameTag:               "yaml",
		Anonymous:                  true,
		DoNotReference:             true,
		RequiredFromJSONSchemaTags: true,
		LookupComment: func(structure reflect.Type, field string) string {
			return descriptions()[structure.Name()+"."+field]
		},
		Mapper: func(t reflect.Type) *jsonschema.Schema { return schemaOf(t, catalogue) },
	}
	schema := reflector.Reflect(&profileFile{})
	schema.ID, schema.Title = "https://raw.githubusercontent.com/diorama-dev/diorama/main/docs/schema/profile.schema.json", "Diorama profile"
	data, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema of a profile: %w", err)
	}
	return append(data, '\n'), nil
}

// schemaOf is the schema of a type that decodes itself.
func schemaOf(t reflect.Type, catalogue stacks.Catalogue) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[yamlpos.Node](), reflect.TypeFor[*yamlpos.Node]():
		return jsonschema.TrueSchema
	case reflect.TypeFor[Runtime]():
		return enum(runtimes())
	case reflect.TypeFor[GPU]():
		one := object(map[string]*jsonschema.Schema{
			"wish":     enum(gpuWishes()),
			"simulate": {Type: "string", Pattern: shapeForm.String(), Description: "A number of devices of a model, such as 2xA100."},
			"share":    {Type: "integer", Description: "How many Pods take turns on each device."},
		})
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{enum(gpuWishes()), one}}
	case reflect.TypeFor[age]():
		return &jsonschema.Schema{Type: "string", Pattern: ageForm.String()}
	case reflect.TypeFor[memory](), reflect.TypeFor[space]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}}}
	case reflect.TypeFor[secret]():
		return &jsonschema.Schema{Type: "string", Pattern: credentialForm.String()}
	case reflect.TypeFor[selectionFile]():
		return selectionSchema()
	case reflect.TypeFor[appFile]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Type: "string"},
			object(map[string]*jsonschema.Schema{
				"name":  {Type: "string", Description: "The app's name; by default that of its folder."},
				"files": {Type: "array", Items: &jsonschema.Schema{Type: "string"}, Description: "Paths of Compose files, later ones merged over earlier."},
			}, "files"),
		}}
	case reflect.TypeFor[seedFile]():
		return seedSchema(catalogue)
	case reflect.TypeFor[map[string]map[string]*yamlpos.Node]():
		return parametersSchema(catalogue)
	}
	return nil
}

func selectionSchema() *jsonschema.Schema {
	one := uint64(1)
	named := &jsonschema.Schema{
		Type: "object", MinProperties: &one, MaxProperties: &one,
		AdditionalProperties: object(map[string]*jsonschema.Schema{
			"as": {Type: "string", Description: "The instance's name; by default the stack's. It is no key of profiles, such as mesh."},
		}),
	}
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string"}, named}}
}

// parametersSchema has the parameters of each stack under its name.
func parametersSchema(catalogue stacks.Catalogue) *jsonschema.Schema {
	known := map[string]*jsonschema.Schema{}
	for _, stack := range catalogue.All() {
		parameters := map[string]*jsonschema.Schema{}
		for name, parameter := range stack.Parameters {
			parameters[name] = parameter.Schema()
		}
		known[stack.Name] = object(parameters)
	}
	schema := object(known)
	schema.AdditionalProperties = &jsonschema.Schema{Type: "object"}
	return schema
}

// object is a mapping with these keys and no others.
func object(properties map[string]*jsonschema.Schema, required ...string) *jsonschema.Schema {
	ordered := jsonschema.NewProperties()
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		ordered.Set(name, properties[name])
	}
	return &jsonschema.Schema{
		Type: "object", Properties: ordered, Required: required, AdditionalProperties: jsonschema.FalseSchema,
	}
}

func enum[W ~string](words []W) *jsonschema.Schema {
	schema := &jsonschema.Schema{Type: "string"}
	for _, word := range words {
		schema.Enum = append(schema.Enum, string(word))
	}
	return schema
}

// descriptions are what an editor shows, by struct and field.
func descriptions() map[string]string {
	return map[string]string{
		"profileFile.Name":        "The profile's name, by default that of its file: small letters, digits and dashes.",
		"profileFile.Title":       "One line on what it is for.",
		"profileFile.Extends":     "The profile that this one is laid over, by name or path. Mappings are merged, lists are replaced, a key without a value is taken away.",
		"profileFile.Runtime":     "Where stacks run.",
		"profileFile.Cluster":     "The shape of a cluster that is made.",
		"profileFile.GPU":         "What the profile wants of the machine's GPUs: auto, require, simulate or off, or {wish, simulate, share}.",
		"profileFile.Budget":      "What the environment may use.",
		"profileFile.Stacks":      "The stacks: names, or {NAME: {as: INSTANCE}} for a second instance.",
		"profileFile.Parameters":  "Values by stack instance; they count only where the stack is there.",
		"profileFile.Ports":       "Host ports on 127.0.0.1, by INSTANCE/ENDPOINT.",
		"profileFile.Credentials": "Fixed credentials by stack instance; by default they are made at random.",
		"profileFile.Seeds":       "What is put into the stacks once they are ready, an entry for each instance.",
		"profileFile.Apps":        "The user's own Compose files: paths, or {name, files}.",
		"profileFile.Mesh":        "The stack instances and apps whose Pods join the mesh, where a mesh is there.",
		"clusterFile.Nodes":       "Number of nodes, 1 to 9; 1 is a control plane that also works.",
		"clusterFile.Kubernetes":  "Kubernetes version, major and minor, in quotes.",
		"budgetFile.Memory":       "Most memory of all stacks together, such as 6Gi.",
		"budgetFile.Logs":         "Most disk that log lines may take, such as 1Gi; the oldest go.",
		"budgetFile.LogAge":       "How long log lines are kept at most, such as 7d or 12h.",
	}
}
