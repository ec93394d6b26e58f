package profiles

import (
	"github.com/invopop/jsonschema"

	"github.com/diorama-dev/diorama/stacks"
)

// seedSchema has the seeds of each stack under its name, and takes other
// instances too.
func seedSchema(catalogue stacks.Catalogue) *jsonschema.Schema {
	one := uint64(1)
	known := map[string]*jsonschema.Schema{}
	for _, stack := range catalogue.All() {
		if len(stack.Seeds) == 0 {
			continue
		}
		kinds := map[string]*jsonschema.Schema{}
		for _, kind := range stack.Seeds {
			if kinds[kind] = kindSchema(stack.Name, kind); kinds[kind] == nil {
				kinds[kind] = jsonschema.TrueSchema
			}
		}
		known[stack.Name] = object(kinds)
	}
	schema := object(known)
	schema.MinProperties, schema.MaxProperties = &one, &one
	schema.AdditionalProperties = &jsonschema.Schema{Type: "object"}
	return schema
}

// kindSchema is the form of one kind of seed of a stack.
func kindSchema(stack, kind string) *jsonschema.Schema {
	if stack == "rocketmq" {
		switch kind {
		case "topics":
			return list(map[string]*jsonschema.Schema{"name": text("The topic's name."), "queues": number("Number of queues; by default the broker's.")})
		case "groups":
			return list(map[string]*jsonschema.Schema{"name": text("The group's name.")})
		}
	}
	switch kind {
	case "topics":
		return list(map[string]*jsonschema.Schema{
			"name": text("The topic's name."), "partitions": number("Number of partitions; by default the broker's."),
			"config": {Type: "object", Description: "Settings of the topic, such as cleanup.policy."},
		})
	case "groups":
		return list(map[string]*jsonschema.Schema{
			"name": text("The group's name."), "topics": texts("Topics of this seed that it reads."),
			"at": {Type: "string", Enum: []any{"start", "end"}, Description: "Where in them it begins; by default at the start."},
		}, "topics")
	case "exchanges":
		return list(rabbitKeys("The exchange's name.", "direct, fanout, headers, topic, or one of a plugin (x-…); by default direct."))
	case "queues":
		return list(rabbitKeys("The queue's name.", "classic, quorum or stream; by default classic."))
	case "bindings":
		return &jsonschema.Schema{Type: "array", Items: object(map[string]*jsonschema.Schema{
			"exchange": text("An exchange of this seed, or one of RabbitMQ's own (amq.…)."), "queue": text("A queue of this seed."),
			"key": text("The routing key."), "arguments": {Type: "object", Description: "Arguments, for headers exchanges."},
		}, "exchange", "queue")}
	case "users":
		return list(map[string]*jsonschema.Schema{"name": text("The user's name."), "password": text("By default it is made at random.")})
	case "databases":
		return list(map[string]*jsonschema.Schema{"name": text("The database's name."), "owner": text("A user of this seed; by default the stack's own.")})
	case "sql":
		return &jsonschema.Schema{Type: "array", Description: "Files that are run once, relative to the profile's file.", Items: pathSchema("file")}
	case "migrations":
		schema := pathSchema("folder")
		schema.Description = "A folder of files that are run in the order of their names, each once."
		return schema
	case "file":
		return text("A file of commands, one a line, that is run once; relative to the profile's file.")
	}
	return nil
}

func rabbitKeys(name, kind string) map[string]*jsonschema.Schema {
	return map[string]*jsonschema.Schema{
		"name": text(name), "type": text(kind),
		"durable":    {Type: "boolean", Description: "It outlives the broker; by default it does."},
		"autoDelete": {Type: "boolean", Description: "It goes when nobody uses it any more."},
		"arguments":  {Type: "object", Description: "Arguments such as x-max-length."},
	}
}

// pathSchema is a path, or a mapping with it under the key and a database.
func pathSchema(key string) *jsonschema.Schema {
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "string"},
		object(map[string]*jsonschema.Schema{key: text("The path."), "database": text("Where it is run.")}, key),
	}}
}

// list is a list of mappings with a name each.
func list(properties map[string]*jsonschema.Schema, required ...string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "array", Items: object(properties, append([]string{"name"}, required...)...)}
}

func text(description string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Description: description}
}

func number(description string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "integer", Description: description}
}

func texts(description string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{Type: "string"}, Description: description}
}
