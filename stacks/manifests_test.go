package stacks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// TestManifestsAndStackAgree sees that the manifests of every built-in stack
// can be applied as they are: what the stack puts in by default stands there.
func TestManifestsAndStackAgree(t *testing.T) {
	for _, stack := range builtinStacks(t) {
		parameters, err := stack.Resolve(nil)
		if err != nil {
			t.Fatal(err)
		}
		for name := range stack.Credentials {
			parameters[name] = "dontShowMe"
		}
		parameters[instanceVariable] = stack.Name
		for _, m := range stack.Manifests {
			for _, d := range m.documents {
				for _, a := range m.Set {
					if a.Object == d.String() {
						agreeField(t, a, d, parameters)
					}
				}
				if workloadKind(d.kind) || d.kind == "CronJob" {
					checkPod(t, d)
				}
			}
		}
	}
}

func agreeField(t *testing.T, a Assignment, d document, parameters map[string]string) {
	t.Helper()
	steps, err := fieldPath(a.Path)
	if err != nil {
		t.Fatal(err)
	}
	field, err := steps.find(d.root)
	if err != nil {
		t.Fatal(err)
	}
	want, err := expand(a.Value, "", 0, parameters)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(want, "dontShowMe") {
		return
	}
	if !slices.Contains(append(readings(QuantityParameter, field.Text), field.Text), want) {
		t.Errorf("%s: %s says %q by itself, and %q by stack.yaml", field.Position, a.Path, field.Text, want)
	}
}

var release = regexp.MustCompile(`:v?[0-9]+\.[0-9]+[^:]*$`)

// checkPod sees that what a workload runs is bound, and that it only reads the
// node's logs.
func checkPod(t *testing.T, d document) {
	t.Helper()
	template := d.root.Get("spec").Get("template")
	if d.kind == "CronJob" {
		template = d.root.Get("spec").Get("jobTemplate").Get("spec").Get("template")
	}
	for _, c := range template.Get("spec").Get("containers").Items {
		if !release.MatchString(c.Get("image").Text) {
			t.Errorf("%s: the image is not pinned", c.Position)
		}
		if c.Get("resources").Get("limits").Get("memory") == nil || c.Get("resources").Get("requests").Get("memory") == nil {
			t.Errorf("%s: no limit or reservation of memory", c.Position)
		}
		if c.Get("readinessProbe") == nil && d.kind == "Deployment" {
			t.Errorf("%s: no readinessProbe", c.Position)
		}
		mounts := c.Get("volumeMounts")
		if mounts == nil {
			continue
		}
		for _, mount := range mounts.Items {
			if strings.HasPrefix(mount.Get("mountPath").Text, "/var/log") && mount.Get("readOnly") == nil {
				t.Errorf("%s: the node's logs are not read-only", mount.Position)
			}
		}
	}
}

const withManifests = `name: mine
title: Mine
category: logs
summary: Of mine.
parameters:
  agent: {type: enum, values: [a, b], default: a, description: d}
  replicas: {type: int, default: 2, description: d}
  version: {type: string, default: "1.0", description: d}
  page: {type: bool, default: true, description: d}
optional: {page: {page: true}}
endpoints:
  page: {service: page, port: 80, hostPort: 8080, url: "http://${HOST}:${PORT}", env: PAGE}
manifests:
  - folder: manifests
  - folder: manifests/a
    when: {agent: a}
    set:
      - {object: Deployment/agent, path: "spec.template.spec.containers.[name=agent].image", value: "agent:${version}"}
      - {object: Deployment/agent, path: spec.replicas, value: "${replicas}"}
      - {object: ConfigMap/agent, path: 'data.a\.conf', value: "version ${version}"}
`

func manifestsFS() fstest.MapFS {
	return fstest.MapFS{
		"mine/stack.yaml":             {Data: []byte(withManifests)},
		"mine/compose.yaml":           {Data: []byte("services: {mine: {image: mine}, page: {image: page}}")},
		"mine/manifests/account.yaml": {Data: []byte("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: agent}\n")},
		"mine/manifests/a/all.yaml": {Data: []byte(`# An agent.
apiVersion: apps/v1
kind: Deployment
metadata: {name: agent}
spec:
  replicas: 1
  template: {spec: {containers: [{name: other, image: x}, {name: agent, image: "agent:1"}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: agent}
data:
  a.conf: |
    ---
    text
`)},
	}
}

// TestObjects: the objects whose conditions are met, with values in place, each
// with the line that it begins at.
func TestObjects(t *testing.T) {
	stack, err := Load(manifestsFS(), "mine", "mine")
	if err != nil {
		t.Fatal(err)
	}
	parameters, err := stack.Resolve(map[string]any{"version": "2.0"})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := stack.Objects("mine", parameters)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range objects {
		got = append(got, o.Position+" "+fmt.Sprint(o.Body["kind"], o.Body["spec"], o.Body["data"]))
	}
	want := []string{
		"mine/manifests/account.yaml:1:1 ServiceAccount<nil> <nil>",
		"mine/manifests/a/all.yaml:2:1 Deploymentmap[replicas:2 template:map[spec:map[containers:[map[image:x name:other] map[image:agent:2.0 name:agent]]]]] <nil>",
		"mine/manifests/a/all.yaml:9:1 ConfigMap<nil> map[a.conf:version 2.0]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	parameters["agent"] = "b"
	if objects, err := stack.Objects("mine", parameters); err != nil || len(objects) != 1 {
		t.Errorf("%d objects where the condition is not met: %v", len(objects), err)
	}
}

// TestManifestsOfManyBytes: a file is read whole or refused, and one of many
// documents is read in the time that its bytes take.
func TestManifestsOfManyBytes(t *testing.T) {
	account := "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a%d}\n---\n"
	var many strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&many, account, i)
	}
	folder := manifestsFS()
	folder["mine/manifests/many.yml"] = &fstest.MapFile{Data: []byte(many.String() + strings.Repeat("---\n", 50_000))}
	stack, err := Load(folder, "mine", "mine")
	if err != nil {
		t.Fatal(err)
	}
	all := stack.Manifests[0].documents
	if at := all[len(all)-1].root.Position.String(); len(all) != 10_001 || at != "mine/manifests/many.yml:39997:1" {
		t.Errorf("%d objects, the last at %s", len(all), at)
	}
	folder["mine/manifests/many.yml"].Data = slices.Repeat(folder["mine/manifests/many.yml"].Data, 2)
	if _, err := Load(folder, "mine", "mine"); err == nil || !strings.Contains(err.Error(), `"manifests/many.yml" has more than 1048576 bytes`) {
		t.Errorf("error %v", err)
	}
}

// TestLeavesOut: a service that is left out takes its endpoints along, and the
// stack itself stays as it was.
func TestLeavesOut(t *testing.T) {
	stack, err := Load(manifestsFS(), "mine", "mine")
	if err != nil {
		t.Fatal(err)
	}
	parameters, err := stack.Resolve(map[string]any{"page": false})
	if err != nil {
		t.Fatal(err)
	}
	if without := stack.With(parameters); len(without.Endpoints) != 0 || len(stack.Endpoints) != 1 || !stack.LeavesOut("page", parameters) {
		t.Errorf("endpoints %v of %v", without.Endpoints, stack.Endpoints)
	}
}

// TestConditions: values are compared as the parameter's type has them.
func TestConditions(t *testing.T) {
	const file = `
parameters:
  page: {type: bool, default: true, description: d}
  storage: {type: quantity, default: 1024Mi, description: d}
  count: {type: int, default: 2, description: d}
optional: {page: {page: True, storage: 1Gi, count: 2}}
`
	folder := manifestsFS()
	head, _, _ := strings.Cut(withManifests, "parameters:")
	folder["mine/stack.yaml"].Data = []byte(head + file)
	stack, err := Load(folder, "mine", "mine")
	if err != nil {
		t.Fatal(err)
	}
	for _, values := range []map[string]any{nil, {"storage": "2Gi"}, {"page": false}, {"count": 3}} {
		parameters, err := stack.Resolve(values)
		if err != nil {
			t.Fatal(err)
		}
		if left := stack.LeavesOut("page", parameters); left != (values != nil) {
			t.Errorf("left out with %v: %v", values, left)
		}
	}
	folder["mine/stack.yaml"].Data = []byte(head + strings.Replace(file, "page: True", "page: 1", 1))
	if _, err := Load(folder, "mine", "mine"); err == nil || !strings.Contains(err.Error(), "optional.page.page: found 1, expected true or false") {
		t.Errorf("error %v", err)
	}
}

func FuzzFieldPath(f *testing.F) {
	for _, path := range []string{"spec.replicas", `data.a\.b`, "a.[name=x].b", "[", "[=", "a.[b=c]d", ".", `\`, "a.0"} {
		f.Add(path)
	}
	root, err := yamlpos.Parse("f", []byte("a: [{name: x, b: 1}]\nspec: {replicas: 1}\n\"\": {b: 2}\n"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		steps, err := fieldPath(text)
		if err != nil {
			return
		}
		if _, err := steps.find(root); err != nil {
			return
		}
		if err := steps.replace(root.Value(), "y"); err != nil {
			t.Errorf("%q is found and cannot be replaced: %v", text, err)
		}
	})
}
