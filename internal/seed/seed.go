// Package seed owns what a profile wants to be in its stacks once they are
// ready: topics, queues, databases, users, files of commands. It reads and
// validates seeds into values; package apply puts them there.
package seed

// Set is what is to be put into one instance of a stack. It holds all that is
// needed for that, but no secret: whoever has it needs no files.
type Set struct {
	Instance string `json:"instance"`
	// Stack is the name of the instance's stack, which says what is spoken.
	Stack string `json:"stack"`

	Topics     []Topic     `json:"topics,omitempty"`
	Groups     []Group     `json:"groups,omitempty"`
	Exchanges  []Exchange  `json:"exchanges,omitempty"`
	Queues     []Queue     `json:"queues,omitempty"`
	Bindings   []Binding   `json:"bindings,omitempty"`
	Users      []User      `json:"users,omitempty"`
	Databases  []Database  `json:"databases,omitempty"`
	SQL        []Script    `json:"sql,omitempty"`
	Migrations []Migration `json:"migrations,omitempty"`
	// Commands are files of commands, one a line, of Redis.
	Commands []Script `json:"commands,omitempty"`
}

// Topic is a topic of Kafka or RocketMQ.
type Topic struct {
	Name string `json:"name"`
	// Partitions is 0 for the broker's default; of RocketMQ they are its queues.
	Partitions int32             `json:"partitions,omitempty"`
	Config     map[string]string `json:"config,omitempty"`
	// At is where the profile says so, as file:line:column; so it is below.
	At string `json:"at,omitempty"`
}

// Place says where a group begins to read.
type Place string

// The places.
const (
	PlaceStart Place = "start"
	PlaceEnd   Place = "end"
)

// Group is a group of consumers. Of Kafka it has offsets committed at a place
// of topics; RocketMQ only knows its name.
type Group struct {
	Name   string   `json:"name"`
	Topics []string `json:"topics,omitempty"`
	Place  Place    `json:"place,omitempty"`
	At     string   `json:"at,omitempty"`
}

// Exchange is an exchange of RabbitMQ.
type Exchange struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Durable    bool           `json:"durable"`
	AutoDelete bool           `json:"autoDelete,omitempty"`
	Arguments  map[string]any `json:"arguments,omitempty"`
	At         string         `json:"at,omitempty"`
}

// Queue is a queue of RabbitMQ.
type Queue struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"` // classic, quorum or stream
	Durable    bool           `json:"durable"`
	AutoDelete bool           `json:"autoDelete,omitempty"`
	Arguments  map[string]any `json:"arguments,omitempty"`
	At         string         `json:"at,omitempty"`
}

// Binding leads what an exchange of RabbitMQ gets to a queue.
type Binding struct {
	Exchange  string         `json:"exchange"`
	Queue     string         `json:"queue"`
	Key       string         `json:"key"`
	Arguments map[string]any `json:"arguments,omitempty"`
	At        string         `json:"at,omitempty"`
}

// Database is a database of PostgreSQL or MySQL.
type Database struct {
	Name string `json:"name"`
	// Owner is a user of the same seed; empty: the stack's own.
	Owner string `json:"owner,omitempty"`
	At    string `json:"at,omitempty"`
}

// User is a user of PostgreSQL or MySQL.
type User struct {
	Name string `json:"name"`
	// Credential names the password among the instance's credentials.
	Credential string `json:"credential"`
	At         string `json:"at,omitempty"`
}

// Script is a file that is run once.
type Script struct {
	// Name is the path as the profile has it, with slashes: what has been run
	// is remembered by it.
	Name string `json:"name"`
	// Hash is the SHA-256 of the text, in hexadecimal digits.
	Hash  string `json:"hash"`
	Bytes int    `json:"bytes"`
	Text  string `json:"text,omitempty"`
	// Database is where it is run; empty: the stack's own.
	Database string `json:"database,omitempty"`
	At       string `json:"at,omitempty"`
}

// Migration is a folder of files that are run in the order of their names,
// each once.
type Migration struct {
	Name     string   `json:"name"` // the path as the profile has it
	Database string   `json:"database,omitempty"`
	Files    []Script `json:"files"`
	At       string   `json:"at,omitempty"`
}

// Empty reports whether there is nothing to put there.
func (s Set) Empty() bool {
	return len(s.Topics)+len(s.Groups)+len(s.Exchanges)+len(s.Queues)+len(s.Bindings)+
		len(s.Users)+len(s.Databases)+len(s.SQL)+len(s.Migrations)+len(s.Commands) == 0
}

// Outline is the set without the text of its files.
func (s Set) Outline() Set {
	without := func(scripts []Script) []Script {
		var list []Script
		for _, script := range scripts {
			script.Text = ""
			list = append(list, script)
		}
		return list
	}
	s.SQL, s.Commands = without(s.SQL), without(s.Commands)
	var migrations []Migration
	for _, m := range s.Migrations {
		m.Files = without(m.Files)
		migrations = append(migrations, m)
	}
	s.Migrations = migrations
	return s
}

// Owner is the owner of a database of the set; empty where it is the stack's
// own user.
func (s Set) Owner(database string) string {
	for _, d := range s.Databases {
		if d.Name == database {
			return d.Owner
		}
	}
	return ""
}
