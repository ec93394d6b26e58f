package seed

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

var (
	// sqlName is what both PostgreSQL (63 bytes) and MySQL (32 for users) take.
	sqlName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,31}$`)
	// passwordForm is what a URL takes without escaping.
	passwordForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,256}$`)
)

const sqlLetters = "a letter, then up to 31 letters, digits, underscores and dashes"

type databaseForm struct {
	Name  string `yaml:"name"`
	Owner string `yaml:"owner"`
}

type userForm struct {
	Name     string   `yaml:"name"`
	Password password `yaml:"password"`
}

// password is a secret: what is wrong with one is said without showing it.
type password string

// DecodeNode reads text of characters that a URL takes as they are.
func (p *password) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	switch {
	case n.Kind == yamlpos.Null:
		return nil
	case n.Kind != yamlpos.String && !n.Loose:
		return yamlpos.Problems{n.Problem(path, "found something else than text, expected text: write it in quotes")}
	case !passwordForm.MatchString(n.Text):
		return yamlpos.Problems{n.Problem(path, "expected 1 to 256 of the characters A-Z a-z 0-9 . _ ~ -, which URLs take as they are")}
	}
	*p = password(n.Text)
	return nil
}

// pathForm is a path, or {file: PATH, database: NAME}; of a folder of
// migrations the key is folder.
type pathForm struct {
	node     *yamlpos.Node
	path     string
	file     string
	database string
	whole    bool
}

// DecodeNode reads a path or a mapping.
func (p *pathForm) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	p.node, p.path = n, path
	if n.Kind == yamlpos.String {
		p.file, p.whole = n.Text, true
		return nil
	}
	key := "file"
	if n.Get("folder") != nil {
		key = "folder"
	}
	if n.Kind != yamlpos.Mapping || n.Get(key) == nil {
		return yamlpos.Problems{n.Mismatch(path, "a path, or {file: PATH, database: NAME}; of migrations {folder: PATH, database: NAME}")}
	}
	var problems yamlpos.Problems
	if key == "folder" {
		var form struct {
			Folder   string `yaml:"folder"`
			Database string `yaml:"database"`
		}
		problems = yamlpos.Decode(n, &form, path)
		p.file, p.database = form.Folder, form.Database
	} else {
		var form struct {
			File     string `yaml:"file"`
			Database string `yaml:"database"`
		}
		problems = yamlpos.Decode(n, &form, path)
		p.file, p.database = form.File, form.Database
	}
	p.whole = len(problems) == 0
	return problems
}

func (r *reader) sql(n *yamlpos.Node, path string) {
	var form struct {
		Databases  []placed[databaseForm] `yaml:"databases"`
		Users      []placed[userForm]     `yaml:"users"`
		SQL        []pathForm             `yaml:"sql"`
		Migrations *pathForm              `yaml:"migrations"`
	}
	r.problems = append(r.problems, yamlpos.Decode(n, &form, path)...)
	names(r, "database", form.Databases, sqlName, sqlLetters, func(d databaseForm) string { return d.Name })
	userName := func(u userForm) string { return u.Name }
	names(r, "user", form.Users, sqlName, sqlLetters, userName)
	r.users(form.Users)
	users := known(form.Users, userName)
	for _, d := range there(form.Databases) {
		if node, at := d.at("owner"); d.value.Owner != "" && !slices.Contains(users, d.value.Owner) {
			r.report(node, at, yamlpos.Unknown("user", d.value.Owner, users)+" (users of this seed)")
		}
		if other := r.clashing(d.value); other != "" {
			node, at := d.at("name")
			r.report(node, at, fmt.Sprintf("the variables of %s would be called as those of %s: expected another name", yamlpos.Quote(d.value.Name), yamlpos.Quote(other)))
		}
		r.set.Databases = append(r.set.Databases, Database{Name: d.value.Name, Owner: d.value.Owner, At: d.node.String()})
	}
	for _, p := range form.SQL {
		if script, ok := r.script(p); ok {
			r.set.SQL = append(r.set.SQL, script)
		}
	}
	if p := form.Migrations; p != nil && p.whole {
		if files, ok := r.folder(p.node, p.path, p.file); ok {
			database := r.database(*p)
			for i := range files {
				files[i].Database = database
			}
			for _, file := range files {
				if slices.ContainsFunc(r.set.SQL, func(s Script) bool { return s.Name == file.Name && s.Database == database }) {
					r.report(p.node, p.path, fmt.Sprintf("%s is in the folder and in sql too: expected it once", file.Name))
				}
			}
			r.set.Migrations = append(r.set.Migrations, Migration{Name: slashed(p.file), Database: database, Files: files, At: p.node.String()})
		}
	}
}

// clashing is a database of the set whose variables have the names of another's.
func (r *reader) clashing(d databaseForm) string {
	variable := func(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }
	for _, other := range r.set.Databases {
		if d.Owner != "" && other.Owner != "" && other.Name != d.Name && variable(other.Name) == variable(d.Name) {
			return other.Name
		}
	}
	return ""
}

func (r *reader) users(forms []placed[userForm]) {
	owner := make(map[string]string)
	for _, u := range there(forms) {
		name := u.value.Name
		credential := CredentialOf(name)
		node, path := u.at("name")
		switch other := owner[credential]; {
		case name == r.target.User && name != "", name == "root", name == "postgres":
			r.report(node, path, fmt.Sprintf("%s is a user of the stack's own: expected another name", yamlpos.Quote(name)))
		case other != "" && other != name:
			r.report(node, path, fmt.Sprintf("the password of %s would be called %s, as that of %s: expected another name", yamlpos.Quote(name), credential, yamlpos.Quote(other)))
		}
		owner[credential] = name
		if u.value.Password != "" {
			r.passwords[credential] = string(u.value.Password)
		}
		r.set.Users = append(r.set.Users, User{Name: name, Credential: credential, At: u.node.String()})
	}
}

// CredentialPrefix begins the names of seeded users' passwords, which are no
// credentials of the stack itself.
const CredentialPrefix = "SEED_"

// CredentialOf names the password of a seeded user among the credentials of
// its instance.
func CredentialOf(user string) string {
	return CredentialPrefix + strings.ToUpper(strings.ReplaceAll(user, "-", "_")) + "_PASSWORD"
}

func (r *reader) script(p pathForm) (Script, bool) {
	if !p.whole {
		return Script{}, false
	}
	script, ok := r.read(p.node, p.path, p.file)
	if !ok {
		return Script{}, false
	}
	script.Database = r.database(p)
	for _, other := range r.set.SQL {
		if other.Name == script.Name && other.Database == script.Database {
			r.report(p.node, p.path, fmt.Sprintf("the file %s is there already, at %s: remove one, since each is run once", yamlpos.Quote(script.Name), other.At))
			return Script{}, false
		}
	}
	return script, true
}

// database is where a file is run: the one that it names, else the only one
// that is seeded, else the stack's own.
func (r *reader) database(p pathForm) string {
	known := namesOf(r.set.Databases, func(d Database) string { return d.Name })
	switch {
	case p.database != "":
		if !slices.Contains(known, p.database) && p.database != ownDatabase {
			node := p.node.Get("database")
			r.report(node, yamlpos.Join(p.path, "database"), yamlpos.Unknown("database", p.database, append(known, ownDatabase))+" (databases of this seed, and the stack's own)")
		}
		if p.database == ownDatabase && !slices.Contains(known, ownDatabase) {
			return ""
		}
		return p.database
	case len(known) > 1:
		r.report(p.node, p.path, "several databases: expected {file: PATH, database: NAME}, or {folder: PATH, database: NAME} of migrations, with one of "+strings.Join(known, ", "))
		return ""
	case len(known) == 1:
		return known[0]
	default:
		return ""
	}
}

// ownDatabase is the one that the stacks postgres and mysql make themselves.
const ownDatabase = "app"
