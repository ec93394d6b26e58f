package stacks

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	"github.com/invopop/jsonschema"
)

// Schema is the JSON schema of a stack.yaml, for editors.
func Schema() ([]byte, error) {
	reflector := jsonschema.Reflector{
		FieldNameTag:               "yaml",
		Anonymous:                  true,
		DoNotReference:             true,
		RequiredFromJSONSchemaTags: true,
		LookupComment: func(structure reflect.Type, field string) string {
			return descriptions()[structure.Name()+"."+field]
		},
		Mapper: schemaOf,
	}
	schema := reflector.Reflect(&Stack{})
	schema.ID, schema.Title = "https://raw.githubusercontent.com/diorama-dev/diorama/main/docs/schema/stack.schema.json", "Diorama stack"
	data, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema of a stack: %w", err)
	}
	return append(data, '\n'), nil
}

// quantitySchema takes text in the form of a quantity, or a plain number.
func quantitySchema(description string) *jsonschema.Schema {
	return &jsonschema.Schema{
		Description: description,
		OneOf: []*jsonschema.Schema{
			{Type: "string", Pattern: quantityForm.String()},
			{Type: "number"},
		},
	}
}

func words[W ~string](list []W) *jsonschema.Schema {
	schema := &jsonschema.Schema{Type: "string"}
	for _, word := range list {
		schema.Enum = append(schema.Enum, string(word))
	}
	return schema
}

// conditionSchema takes parameters and the values that they must have.
func conditionSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "string"}, {Type: "boolean"}, {Type: "number"},
	}}}
}

// requirementSchema takes a requirement that is named by the key.
func requirementSchema(key string, of *jsonschema.Schema) *jsonschema.Schema {
	properties := jsonschema.NewProperties()
	properties.Set(key, of)
	properties.Set("when", conditionSchema())
	return &jsonschema.Schema{Type: "object", Properties: properties, Required: []string{key}, AdditionalProperties: jsonschema.FalseSchema}
}

// schemaOf is the schema of a type that decodes itself.
func schemaOf(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[Category]():
		return words(categories())
	case reflect.TypeFor[ParameterType]():
		return words(parameterTypes())
	case reflect.TypeFor[Requirement]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Type: "string"},
			requirementSchema("category", words(categories())),
			requirementSchema("stack", &jsonschema.Schema{Type: "string"}),
		}}
	case reflect.TypeFor[Condition]():
		return conditionSchema()
	case reflect.TypeFor[ChartValues]():
		return &jsonschema.Schema{Type: "object"}
	case reflect.TypeFor[Footprint]():
		properties := jsonschema.NewProperties()
		properties.Set("memory", quantitySchema("Memory at rest, such as 128Mi."))
		properties.Set("cpu", quantitySchema("Share of a core at rest, such as 50m."))
		properties.Set("image", quantitySchema("Size of the images to fetch, such as 110MB."))
		return &jsonschema.Schema{Type: "object", Properties: properties, AdditionalProperties: jsonschema.FalseSchema}
	}
	return nil
}

// descriptions are what an editor shows, by struct and field.
func descriptions() map[string]string {
	all := map[string]string{
		"Identity.Name":     "The stack's name, that of its folder: small letters, digits and dashes.",
		"Identity.Title":    "The name as people write it.",
		"Identity.Category": "What the stack is for.",
		"Identity.Summary":  "One sentence.",
		"Identity.Website":  "Where to read on.",
		"Identity.License":  "The licence's SPDX identifier.",
		"Stack.Requires":    "Stacks that must be there, and ready, before this one starts: names, {category: NAME} for any of a category, or {stack: NAME, when: {PARAMETER: VALUE}} for what counts only then.",
		"Stack.After":       "Stacks that come first where both are there.",
		"Stack.Parameters":  "What a profile may set, by name. Each is the variable ${name} of compose.yaml.",
		"Stack.Credentials": "Secrets made once per environment, by the name of their variable in compose.yaml.",
		"Stack.Endpoints":   "Addresses that people and programs use, by name.",
		"Stack.Probes":      "How to ask whether a service is ready, by service of compose.yaml.",
		"Stack.Builds":      "Images made from this program's own source.",
		"Stack.Seeds":       "Kinds of seed that the stack takes.",
		"Stack.IgnoreDrift": "JSON pointers to what the system itself rewrites.",
		"Stack.Footprint":   "What the stack takes of a machine, measured.",
		"Stack.Embedded":    "The embedded runtime's server for it.",
		"Console.Client":    "The command of `diorama connect` where no cluster is, with DIORAMA_HOST, DIORAMA_PORT, DIORAMA_USER and DIORAMA_PASSWORD in its environment.",
		"Console.Logs":      "The system that answers queries for log lines at the endpoint http: loki or elasticsearch.",
		"Console.Queues":    "The system whose queues are sampled: kafka, rabbitmq, rocketmq or redis.",
		"Console.Shell":     "The command of `diorama connect`, run in the stack's first service.",
	}
	maps.Copy(all, partDescriptions())
	return all
}

// partDescriptions are those of the parts of a stack.
func partDescriptions() map[string]string {
	return map[string]string{
		"Parameter.Type":        "The type of the value.",
		"Parameter.Default":     "The value where a profile sets none; compose.yaml has the same default.",
		"Parameter.Values":      "The values of an enum.",
		"Parameter.Description": "What it is for.",
		"Credential.Generate":   "Number of characters, 8 to 128 of A-Z a-z 0-9.",
		"Endpoint.Service":      "The service of compose.yaml, or the workload of the manifests, that answers.",
		"Endpoint.Port":         "Port in the container.",
		"Endpoint.HostPort":     "Preferred port on 127.0.0.1.",
		"Endpoint.URL":          "URL with ${HOST}, ${PORT}, parameters and credentials.",
		"Endpoint.Internal":     "URL for programs inside the environment, where it is not url with the service's name and port.",
		"Endpoint.Env":          "Prefix of the environment variables, such as POSTGRES.",
		"Endpoint.Variable":     "Name of the variable with the URL, where it is not env + _URL.",
		"Endpoint.User":         "User in the URL.",
		"Endpoint.Password":     "Name of the credential in the URL.",
		"Endpoint.Web":          "A browser can show it.",
		"Endpoint.SQL":          "A relational database.",
		"Probe.Exec":            "A command that succeeds once the service is ready.",
		"Probe.TCP":             "A port that accepts connections once the service is ready.",
		"Probe.HTTP":            "A GET that is answered with 200 to 399 once the service is ready.",
		"HTTPProbe.Port":        "Port in the container.",
		"HTTPProbe.Path":        "Path of the request.",
		"Parts.Optional":        "Services of compose.yaml that are there only where parameters have these values.",
		"Parts.Manifests":       "Folders of Kubernetes objects as YAML; absent: the folder manifests, if there is one.",
		"Manifests.Folder":      "The folder manifests or one below it; every *.yaml in it counts.",
		"Manifests.When":        "Parameters and the values that they must have.",
		"Manifests.Set":         "Values that take the place of those in the files.",
		"Assignment.Object":     "The object as Kind/name.",
		"Assignment.Path":       "The field, as in Kustomize: spec.template.spec.containers.[name=agent].image.",
		"Assignment.Value":      "The value, with ${parameter}, and in a Secret ${CREDENTIAL}.",
		"Parts.Charts":          "Helm charts, each applied once those before it are ready.",
		"Parts.Leaves":          "Objects that the stack's own programs make in the cluster; they go when the stack is removed.",
		"Leftover.APIVersion":   "Such as gateway.networking.k8s.io/v1.",
		"Leftover.Kind":         "Such as GatewayClass.",
		"Leftover.Name":         "The name, in whatever namespace.",
		"Chart.Name":            "Name of the release.",
		"Chart.Source":          "A folder of the stack, module:PATH//FOLDER, or oci://REPOSITORY:VERSION.",
		"Chart.Namespace":       "Namespace of the release; absent: the environment's.",
		"Chart.Version":         "What takes the place of the chart's version and appVersion.",
		"Chart.After":           "Charts that must be ready first; absent: all that stand before this one.",
		"Chart.When":            "Parameters and the values that they must have.",
		"Chart.Values":          "Values, with ${parameter} in their texts.",
		"Chart.Variants":        "Values that go over these where parameters have certain values.",
		"ChartVariant.When":     "Parameters and the values that they must have.",
		"ChartVariant.Values":   "Values, with ${parameter} in their texts.",
		"Chart.Merge":           "Parameters of the type map whose values go over these.",
		"Chart.Images":          "Images of Pods that stand in no Pod of the chart, such as that of a sidecar.",
		"ChartImage.Value":      "The value that takes the whole reference, such as global.proxy.image.",
		"ChartImage.Reference":  "What it would be, as a template of the chart.",
		"Build.Image":           "The repository that compose.yaml names.",
		"Build.Package":         "Import path of the main package.",
	}
}

// Schema is the JSON schema of the parameter's values.
func (p Parameter) Schema() *jsonschema.Schema {
	schema := &jsonschema.Schema{Type: "string"}
	switch p.Type {
	case IntParameter:
		schema.Type = "integer"
	case BoolParameter:
		schema.Type = "boolean"
	case QuantityParameter:
		schema = quantitySchema("")
	case EnumParameter:
		schema = words(p.Values)
	case MapParameter:
		return &jsonschema.Schema{Type: "object", Description: p.Description}
	case StringParameter:
	}
	schema.Description, schema.Default = p.Description, p.Default
	return schema
}
