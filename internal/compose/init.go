package compose

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

var instanceName = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$`)

// Note is something that a person should know about a profile made from a
// Compose file: what was taken for what, and what may need a hand.
type Note struct {
	Position Position
	Text     string
}

// InitOptions say what a profile is made for.
type InitOptions struct {
	// Name is the profile's.
	Name string
	// Override is the path, beside the profile, at which the caller writes
	// Init.Override, for example "compose.diorama.yaml".
	Override string
	// Folder is where the profile will lie; paths in it are relative to it.
	Folder string
	// Available are the stacks that there are.
	Available []string
}

// Init is a profile made from a Compose file.
type Init struct {
	Profile []byte
	// Override is a Compose file that takes the services out of the app that
	// stacks replace; nil where there are none, or nothing else is left.
	Override []byte
	Notes    []Note
}

// InitProfile writes a profile for a Compose project: services that are stacks
// become instances under the service's name, so that the rest still finds
// them there, and the rest becomes an app.
func InitProfile(p Project, o InitOptions) (Init, error) {
	i := initialising{Project: p, InitOptions: o, stacks: map[string]string{}}
	for _, r := range Recognise(p, o.Available) {
		if i.instance(r.Service) == "" {
			i.note(r.Service, "left in the app: the name %q cannot be a stack's", r.Service)
			continue
		}
		i.stacks[r.Service] = r.Stack
		i.note(r.Service, "%s", r.Reason)
	}
	i.dropZooKeeper()
	for _, service := range slices.Sorted(maps.Keys(p.Model.Services)) {
		if _, replaced := i.stacks[service]; !replaced {
			i.rest = append(i.rest, service)
		}
	}
	if err := i.relativeFiles(); err != nil {
		return Init{}, err
	}
	i.advise()
	result := Init{Notes: i.notes}
	if len(i.stacks) > 0 && len(i.rest) > 0 {
		result.Override = i.override()
	}
	result.Profile = i.profile(result.Override != nil)
	return result, nil
}

type initialising struct {
	Project
	InitOptions
	stacks map[string]string // service → stack; "" for one that is only left out
	rest   []string
	files  []string
	notes  []Note
}

func (i *initialising) note(service, format string, args ...any) {
	i.notes = append(i.notes, Note{Position: i.Position("services", service), Text: service + ": " + fmt.Sprintf(format, args...)})
}

// instance is the name of the stack's instance for a service; empty where it
// can have none.
func (i *initialising) instance(service string) string {
	if instanceName.MatchString(service) {
		return service
	}
	return ""
}

// dropZooKeeper leaves out what only Kafka needed: it needs it no more.
func (i *initialising) dropZooKeeper() {
	kafka := slices.Contains(slices.Collect(maps.Values(i.stacks)), "kafka")
	for name, service := range i.Model.Services {
		if !kafka || !strings.HasSuffix(Repository(service.Image), "zookeeper") {
			continue
		}
		needed := false
		for other, s := range i.Model.Services {
			_, depends := s.DependsOn[name]
			needed = needed || depends && i.stacks[other] != "kafka"
		}
		if !needed {
			i.stacks[name] = ""
			i.note(name, "left out: Kafka needs no ZooKeeper any more")
		}
	}
}

func (i *initialising) relativeFiles() error {
	for _, file := range i.Files {
		relative, err := filepath.Rel(i.Folder, file)
		if err != nil {
			return fmt.Errorf("name %s as seen from %s: %w; write the profile on the same drive", file, i.Folder, err)
		}
		i.files = append(i.files, filepath.ToSlash(relative))
	}
	return nil
}

// override removes the replaced services, and what depends on them: the app
// starts after all stacks anyway.
func (i *initialising) override() []byte {
	var b bytes.Buffer
	b.WriteString("# Written by diorama init: these services are stacks of the profile " + i.Name + ".\nservices:\n")
	for _, service := range slices.Sorted(maps.Keys(i.stacks)) {
		fmt.Fprintf(&b, "  %s: !reset null\n", scalar(service))
	}
	for _, service := range i.rest {
		var gone []string
		for on := range i.Model.Services[service].DependsOn {
			if _, replaced := i.stacks[on]; replaced {
				gone = append(gone, on)
			}
		}
		if len(gone) == 0 {
			continue
		}
		slices.Sort(gone)
		fmt.Fprintf(&b, "  %s:\n    depends_on:\n", scalar(service))
		for _, on := range gone {
			fmt.Fprintf(&b, "      %s: !reset null\n", scalar(on))
		}
	}
	return b.Bytes()
}

func (i *initialising) profile(overridden bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Written by diorama init from %s. Start it with: diorama up FILE\n", strings.Join(i.files, ", "))
	fmt.Fprintf(&b, "name: %s\n", scalar(i.Name))
	var credentials bytes.Buffer
	if slices.ContainsFunc(slices.Collect(maps.Values(i.stacks)), func(stack string) bool { return stack != "" }) {
		b.WriteString("stacks:\n")
	}
	for _, service := range slices.Sorted(maps.Keys(i.stacks)) {
		stack := i.stacks[service]
		if stack == "" {
			continue
		}
		entry := stack
		if service != stack {
			entry = fmt.Sprintf("{%s: {as: %s}}", stack, service)
		}
		fmt.Fprintf(&b, "  - %s # services.%s: %s\n", entry, service, oneLine(i.Model.Services[service].Image))
		i.credentials(&credentials, service, stack)
	}
	if credentials.Len() > 0 {
		b.WriteString("credentials: # as the Compose file gives them; without them they are made at random\n")
		_, _ = credentials.WriteTo(&b)
	}
	if len(i.rest) > 0 {
		files := slices.Clone(i.files)
		if overridden {
			files = append(files, filepath.ToSlash(i.Override))
		}
		fmt.Fprintf(&b, "apps: # %s\n  - name: %s\n    files:\n", strings.Join(i.rest, ", "), scalar(i.appName()))
		for _, file := range files {
			fmt.Fprintf(&b, "      - %s\n", scalar(file))
		}
	}
	return b.Bytes()
}

// appName must not be an instance's.
func (i *initialising) appName() string {
	if _, taken := i.stacks[i.Name]; taken {
		return i.Name + "-app"
	}
	return i.Name
}

// secretsOf are the stack's credentials and the variables in which images of
// this technology are given them.
func secretsOf(stack string) map[string][]string {
	switch stack {
	case "postgres":
		return map[string][]string{"POSTGRES_PASSWORD": {"POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"}}
	case "mysql":
		return map[string][]string{
			"MYSQL_PASSWORD":      {"MYSQL_PASSWORD", "MARIADB_PASSWORD"},
			"MYSQL_ROOT_PASSWORD": {"MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD"},
		}
	case "redis":
		return map[string][]string{"REDIS_PASSWORD": {"REDIS_PASSWORD"}}
	case "valkey":
		return map[string][]string{"VALKEY_PASSWORD": {"VALKEY_PASSWORD", "REDIS_PASSWORD"}}
	case "rabbitmq":
		return map[string][]string{"RABBITMQ_PASSWORD": {"RABBITMQ_DEFAULT_PASS", "RABBITMQ_PASSWORD"}}
	}
	return nil
}

// credentials keeps the passwords that the rest of the project knows.
func (i *initialising) credentials(b *bytes.Buffer, service, stack string) {
	var lines []string
	for credential, variables := range secretsOf(stack) {
		if value := i.password(service, variables); value != "" {
			lines = append(lines, fmt.Sprintf("    %s: %s\n", credential, scalar(value)))
		}
	}
	if len(lines) > 0 {
		slices.Sort(lines)
		fmt.Fprintf(b, "  %s:\n%s", service, strings.Join(lines, ""))
	}
}

// password is what one of the variables says, or --requirepass.
func (i *initialising) password(service string, variables []string) string {
	s := i.Model.Services[service]
	if value := first(s.Environment, variables); value != "" {
		return value
	}
	for n, word := range s.Command {
		if word == "--requirepass" && n+1 < len(s.Command) {
			return s.Command[n+1]
		}
	}
	return ""
}

func first(environment types.MappingWithEquals, names []string) string {
	for _, name := range names {
		if value := environment[name]; value != nil && *value != "" {
			return *value
		}
	}
	return ""
}

// advise notes where the app must be told what the stack is like.
func (i *initialising) advise() {
	users := map[string][2][]string{
		"postgres": {{"POSTGRES_USER", "POSTGRESQL_USERNAME"}, {"POSTGRES_DB", "POSTGRESQL_DATABASE"}},
		"mysql":    {{"MYSQL_USER", "MARIADB_USER"}, {"MYSQL_DATABASE", "MARIADB_DATABASE"}},
		"rabbitmq": {{"RABBITMQ_DEFAULT_USER", "RABBITMQ_USERNAME"}, nil},
	}
	for _, service := range slices.Sorted(maps.Keys(i.stacks)) {
		stack, s := i.stacks[service], i.Model.Services[service]
		prefix := strings.ToUpper(strings.ReplaceAll(service, "-", "_"))
		if names, ok := users[stack]; ok {
			user, database := first(s.Environment, names[0]), first(s.Environment, names[1])
			if user != "" && user != "app" || database != "" && database != "app" || user == "" && stack != "rabbitmq" {
				i.note(service, "the stack's user and database are called app: give the app ${%s_URL}, or change its settings", prefix)
			}
		}
		if (stack == "redis" || stack == "valkey") && i.password(service, []string{"REDIS_PASSWORD", "VALKEY_PASSWORD"}) == "" {
			i.note(service, "the stack asks for a password: give the app ${%s_URL}", prefix)
		}
		if len(s.Volumes) > 0 && stack != "" {
			i.note(service, "the stack has its own volume and settings; what the Compose file mounts is not taken over")
		}
	}
	for _, service := range i.rest {
		if k, ok := extended()[Repository(i.Model.Services[service].Image)]; ok {
			i.note(service, "kept as it is: the stack %s has not %s", k.stack, k.reason)
		}
	}
}
