package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/diorama-dev/diorama/internal/plan"
)

// job is the server with what it is run with on this machine.
func (r *Runtime) job(stack string, server plan.Server, rule recipe, secrets map[string]map[string]string) (job, error) {
	j := job{
		Server: server, stack: stack, secrets: plan.OwnCredentials(secrets[stack]), executable: r.options.Executable,
		home: filepath.Join(r.options.Folder.Servers(), server.Service), environment: make(map[string]string),
	}
	if err := os.MkdirAll(j.home, 0o700); err != nil {
		return job{}, fmt.Errorf("make the folder of %s: %w", server.Service, err)
	}
	var pairs []string
	for instance, names := range secrets {
		for name, secret := range names {
			pairs = append(pairs, plan.Placeholder(instance, name), secret)
		}
	}
	reveal := strings.NewReplacer(pairs...)
	for name, value := range server.Environment {
		j.environment[name] = reveal.Replace(value)
	}
	j.folder = j.home
	if rule.unprivileged {
		var err error
		if j.user, err = unprivilegedUser(); err != nil {
			return job{}, err
		}
		if j.folder, err = r.folderOf(j); err != nil {
			return job{}, err
		}
	}
	j.data = filepath.Join(j.folder, "data")
	if server.Fetch != "" && server.Program == "" {
		release, err := r.options.Host.release()
		if err != nil {
			return job{}, err
		}
		path, ok := r.options.Host.binary(release)
		if !ok {
			return job{}, fmt.Errorf("%s is not there any more; run `diorama up` again", server.Fetch)
		}
		j.Program = path
	}
	return j, nil
}

// folderOf is where the files of a server lie that runs as another user.
func (r *Runtime) folderOf(j job) (string, error) {
	if j.user == nil {
		return j.home, nil
	}
	root := ServedBy(r.options.Folder)
	if err := os.MkdirAll(root, 0o711); err != nil { //nolint:gosec // others may pass, not look
		return "", fmt.Errorf("make the folder of %s: %w", j.Service, err)
	}
	folder := filepath.Join(root, j.Service)
	return folder, j.user.makeFolder(folder)
}
