package kube_test

import "strings"

// scenario is a bad situation that the recorder makes happen.
type scenario struct {
	name string
	// want is the ID of the finding that it ends with; empty: all is ready.
	want string
	// terminal waits until the finding is terminal.
	terminal bool
	// whole keeps the cluster's own Pods in the recording.
	whole bool
	// lines waits until the last lines of a container are known.
	lines bool
	yaml  string
}

// deployment is a Deployment of one container; extra are further lines of the
// Pod's specification.
func deployment(container string, extra ...string) string {
	text := `apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: NS, labels: {diorama.dev/service: app}}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      terminationGracePeriodSeconds: 1
      automountServiceAccountToken: false
      enableServiceLinks: false
`
	for _, line := range extra {
		text += "      " + line + "\n"
	}
	return text + "      containers:\n      - {name: app, " + container + "}"
}

// shell is a container that runs a script.
func shell(script string, more ...string) string {
	return strings.Join(append([]string{`image: IMAGE, command: [sh, -c, "` + script + `"]`}, more...), ", ")
}

// mounted mounts a volume of the Pod.
func mounted(name string) string {
	return "volumeMounts: [{name: " + name + ", mountPath: /mnt}]"
}

func scenarios() []scenario {
	out := append(imageScenarios(), crashScenarios()...)
	return append(append(out, scheduleScenarios()...), settingScenarios()...)
}

func imageScenarios() []scenario {
	image := func(name string, more ...string) string {
		return deployment(strings.Join(append([]string{"image: '" + name + "'"}, more...), ", "))
	}
	return []scenario{
		{name: "image-not-found", want: "image-not-found", terminal: true, yaml: image("localhost:5000/team/absent:1.0")},
		{name: "image-unauthorised", want: "image-unauthorised", terminal: true, yaml: image("localhost:5000/team/private:1.0")},
		{name: "image-rate-limited", want: "image-rate-limited", terminal: true, yaml: image("localhost:5000/team/popular:1.0")},
		{name: "image-platform", want: "image-platform", terminal: true, yaml: image("localhost:5000/team/foreign:1.0")},
		{name: "registry-unreachable-first", want: "registry-unreachable", yaml: image("registry.example.invalid/team/app:1.0")},
		{name: "registry-unreachable", want: "registry-unreachable", terminal: true, yaml: image("registry.example.invalid/team/app:1.0")},
		{name: "image-not-loaded", want: "image-not-loaded", terminal: true, yaml: image("team/app:1.0", "imagePullPolicy: Never")},
		{name: "image-invalid", want: "image-invalid", terminal: true, yaml: image("Team/App:1.0")},
	}
}

// foreignProgram is the head of an executable for 64-bit ARM.
const foreignProgram = "f0VMRgIBAQAAAAAAAAAAAAIAtwABAAAAAABAAAAAAABAAAAAAAAAAAAAAAAAAAAAAABAADgAAABAAAAAAAA="

func crashScenarios() []scenario {
	return []scenario{
		{name: "wrong-architecture", want: "wrong-architecture", terminal: true, yaml: deployment(
			"image: IMAGE, command: [/opt/program/app], volumeMounts: [{name: program, mountPath: /opt/program}]",
			"volumes: [{name: program, configMap: {name: program, defaultMode: 0755}}]") + `
---
apiVersion: v1
kind: ConfigMap
metadata: {name: program, namespace: NS}
binaryData: {app: ` + foreignProgram + `}`},
		{name: "cannot-start", want: "cannot-start", terminal: true, yaml: deployment("image: IMAGE, command: [/no/such/program]")},
		{name: "out-of-memory", want: "out-of-memory", terminal: true, lines: true, yaml: deployment(
			shell("echo filling the cache; tail /dev/zero", "resources: {limits: {memory: 32Mi}}"))},
		{name: "crash-loop-first", want: "crash-loop", lines: true, yaml: deployment(
			shell("echo connecting to db:5432; echo 'fatal: no such host' >&2; exit 1"))},
		{name: "crash-loop", want: "crash-loop", terminal: true, lines: true, yaml: deployment(
			shell("echo connecting to db:5432; echo 'fatal: no such host' >&2; exit 1"))},
		{name: "init-crash-loop", want: "crash-loop", lines: true, yaml: deployment(shell("sleep 1000"),
			"initContainers: [{name: migrate, "+shell("echo migration 7 failed; exit 4")+"}]")},
		{name: "readiness-probe-failing", want: "readiness-probe-failing", yaml: deployment(shell("sleep 1000",
			"readinessProbe: {exec: {command: [sh, -c, 'echo 127.0.0.1:5432 - no response; exit 2']}, periodSeconds: 2}"))},
		{name: "readiness-probe-refused", want: "readiness-probe-failing", yaml: deployment(shell("sleep 1000",
			"readinessProbe: {httpGet: {port: 8080, path: /ready}, periodSeconds: 2}"))},
		{name: "startup-probe-failing", want: "startup-probe-failing", yaml: deployment(shell("sleep 1000",
			"startupProbe: {tcpSocket: {port: 5432}, periodSeconds: 2, failureThreshold: 100}"))},
		{name: "liveness-probe-failing", want: "liveness-probe-failing", yaml: deployment(shell("sleep 1000",
			"readinessProbe: {tcpSocket: {port: 5432}, periodSeconds: 2}",
			"livenessProbe: {tcpSocket: {port: 5432}, periodSeconds: 2, failureThreshold: 2}"))},
		{name: "inotify-limit", want: "inotify-limit", yaml: deployment(
			"image: IMAGE, command: [/opt/trouble/trouble, inotify], volumeMounts: [{name: trouble, mountPath: /opt/trouble}]",
			"volumes: [{name: trouble, hostPath: {path: /opt/trouble}}]")},
		{name: "port-in-use", want: "port-in-use", yaml: deployment(shell("sleep 3; exec redis-server --port 6379") +
			"}\n      - {name: other, " + shell("exec redis-server --port 6379"))},
		{name: "job-failed", want: "job-failed", terminal: true, lines: true, yaml: `apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: NS, labels: {diorama.dev/service: migrate}}
spec:
  backoffLimit: 1
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: migrate, ` + shell("echo migration 7 failed: column exists; exit 3") + `}`},
	}
}

func scheduleScenarios() []scenario {
	wants := func(resource, amount string) string {
		return deployment(shell("sleep 1000", "resources: {limits: {'"+resource+"': '"+amount+"'}, requests: {'"+resource+"': '"+amount+"'}}"))
	}
	return []scenario{
		{name: "unschedulable-memory", want: "unschedulable-memory", terminal: true, whole: true, yaml: wants("memory", "900Gi")},
		{name: "unschedulable-cpu", want: "unschedulable-cpu", terminal: true, whole: true, yaml: wants("cpu", "500")},
		{name: "unschedulable-gpu", want: "unschedulable-gpu", terminal: true, whole: true, yaml: wants("nvidia.com/gpu", "1")},
		{
			name: "unschedulable-affinity", want: "unschedulable-affinity", terminal: true,
			yaml: deployment(shell("sleep 1000"), "nodeSelector: {disk: fast}"),
		},
		{name: "unschedulable-volume", want: "unschedulable-volume", yaml: deployment(shell("sleep 1000"),
			"volumes: [{name: data, persistentVolumeClaim: {claimName: nowhere}}]")},
		{name: "unschedulable-port", want: "unschedulable-port", yaml: strings.Replace(
			deployment(shell("sleep 1000", "ports: [{containerPort: 80, hostPort: 18080}]")), "spec:\n", "spec:\n  replicas: 2\n", 1)},
		{name: "claim-pending", want: "claim-pending", terminal: true, yaml: deployment(shell("sleep 1000"),
			"volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]") + `
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: NS}
spec: {storageClassName: fast-ssd, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}`},
		{name: "pods-refused", want: "pods-refused", yaml: deployment(shell("sleep 1000")) + `
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: none, namespace: NS}
spec: {hard: {pods: "0"}}`},
	}
}

func settingScenarios() []scenario {
	return []scenario{
		{name: "config-missing", want: "config-missing", terminal: true, yaml: deployment(shell("sleep 1000",
			"env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: credentials, key: password}}}]"))},
		{name: "config-missing-key", want: "config-missing", terminal: true, yaml: deployment(shell("sleep 1000",
			"env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: credentials, key: password}}}]")) + `
---
apiVersion: v1
kind: Secret
metadata: {name: credentials, namespace: NS}
stringData: {user: app}`},
		{name: "config-missing-volume", want: "config-missing", terminal: true, yaml: deployment(shell("sleep 1000", mounted("settings")),
			"volumes: [{name: settings, configMap: {name: settings}}]")},
		{name: "volume-mount-failed", want: "volume-mount-failed", yaml: deployment(shell("sleep 1000", mounted("data")),
			"volumes: [{name: data, hostPath: {path: /nowhere, type: Directory}}]")},
		{name: "sandbox-failed", want: "sandbox-failed", yaml: deployment(shell("sleep 1000"), "runtimeClassName: absent-NS") + `
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: absent-NS}
handler: absent`},
		{name: "ready", yaml: redis},
	}
}
