package plugin

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
)

const (
	// accountFolder is where Kubernetes puts the key of a Pod's account.
	accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"
	// apiWithin bounds an answer of the cluster's API.
	apiWithin = 5 * time.Second
	// labelRetry is how long to wait before labelling is tried again.
	labelRetry = 2 * time.Second
	// nodeBytes bounds what is read of a node: one with many images is long.
	nodeBytes = 4 << 20
)

// clusterNode is this node, as the cluster's API has it.
type clusterNode struct {
	url    string
	token  func() (string, error)
	client *http.Client
}

// inCluster is the node, reached with the Pod's own account.
func inCluster(name string, getenv func(string) string) (*clusterNode, error) {
	host, port := getenv("KUBERNETES_SERVICE_HOST"), getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("KUBERNETES_SERVICE_HOST is empty: this program runs in a Pod")
	}
	ca, err := os.ReadFile(accountFolder + "/ca.crt")
	if err != nil {
		return nil, fmt.Errorf("read the cluster's certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("the cluster's certificate holds none")
	}
	return &clusterNode{
		url: "https://" + net.JoinHostPort(host, port) + "/api/v1/nodes/" + name,
		// Kubernetes replaces it every hour.
		token: func() (string, error) {
			token, err := os.ReadFile(accountFolder + "/token")
			return strings.TrimSpace(string(token)), err
		},
		client: &http.Client{
			Timeout:   apiWithin,
			Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}},
		},
	}, nil
}

func (n *clusterNode) call(ctx context.Context, method, kind string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, n.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	token, err := n.token()
	if err != nil {
		return nil, fmt.Errorf("read the account's key: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := n.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, nodeBytes))
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s of the node: the API answers %s", method, response.Status)
	}
	return answer, nil
}

// seenNode is what is read of the node.
type seenNode struct {
	Metadata struct {
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Status struct {
		Allocatable map[string]string `json:"allocatable"`
	} `json:"status"`
}

func (n *clusterNode) see(ctx context.Context) (seenNode, error) {
	var node seenNode
	answer, err := n.call(ctx, http.MethodGet, "", nil)
	if err != nil {
		return node, err
	}
	if err := json.Unmarshal(answer, &node); err != nil {
		return node, fmt.Errorf("read the node: %w", err)
	}
	return node, nil
}

// allocatable is how many devices Pods of the node can be given.
func (n *clusterNode) allocatable(ctx context.Context, resource string) (int, error) {
	node, err := n.see(ctx)
	if err != nil {
		return 0, err
	}
	count, _ := strconv.Atoi(node.Status.Allocatable[resource]) // no number: none
	return count, nil
}

const (
	// presentLabel is also what a node has that was made with GPUs, and what
	// NVIDIA's plugin is placed by.
	presentLabel = "nvidia.com/gpu.present"
	// ownLabel is on nodes that had presentLabel before the simulation: it is
	// theirs and stays. A plugin that starts again knows it by this.
	ownLabel = "diorama.dev/gpu-present-before"
)

// labels are what NVIDIA's operator labels a node with that has devices, and
// that they are simulated (gpu-feature-discovery's README).
func labels(o Options) map[string]string {
	product := strings.ReplaceAll(o.Shape.Model.Product, " ", "-")
	if o.Share > 1 && !o.Rename {
		product += "-SHARED"
	}
	return map[string]string{
		presentLabel:              "true",
		"nvidia.com/gpu.count":    strconv.Itoa(o.Shape.Count),
		"nvidia.com/gpu.product":  product,
		"nvidia.com/gpu.memory":   strconv.FormatInt(o.Shape.Model.Memory>>20, 10),
		"nvidia.com/gpu.replicas": strconv.Itoa(o.Share),
		gpu.SimulatedLabel:        "true",
	}
}

// mark labels the node, and remembers there what of it was there before.
func (n *clusterNode) mark(ctx context.Context, labels map[string]string) error {
	node, err := n.see(ctx)
	if err != nil {
		return err
	}
	if there := node.Metadata.Labels; there[presentLabel] != "" && there[gpu.SimulatedLabel] == "" {
		labels = maps.Clone(labels)
		labels[ownLabel] = "true"
	}
	return n.label(ctx, labels)
}

// unmark takes the labels off that were not there before: a merge patch removes
// what is null (RFC 7386).
func (n *clusterNode) unmark(ctx context.Context, labels map[string]string) error {
	node, err := n.see(ctx)
	if err != nil {
		return err
	}
	none := map[string]any{ownLabel: nil}
	for name := range labels {
		none[name] = nil
	}
	if there := node.Metadata.Labels; there[ownLabel] != "" || there[gpu.SimulatedLabel] == "" {
		delete(none, presentLabel) // the node's own; or nothing was marked
	}
	return n.label(ctx, none)
}

func (n *clusterNode) label(ctx context.Context, labels any) error {
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels}})
	if err != nil {
		return err
	}
	if _, err := n.call(ctx, http.MethodPatch, "application/merge-patch+json", body); err != nil {
		return fmt.Errorf("label the node: %w", err)
	}
	return nil
}

// keepLabels labels the node, once the API answers.
func (n *clusterNode) keepLabels(ctx context.Context, labels map[string]string, log *slog.Logger) {
	for ctx.Err() == nil {
		err := n.mark(ctx, labels)
		if err == nil {
			return
		}
		log.Warn("the node has no labels yet; trying again", "error", err)
		wait(ctx, labelRetry)
	}
}

// answerProbes answers GET /ready: well once the kubelet follows the list and
// the node counts the devices, so that what comes next finds them.
func (p *plugin) answerProbes(ctx context.Context, node *clusterNode) (stop func(), err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", p.options.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for probes: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, r *http.Request) {
		if err := p.ready(r.Context(), node); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: apiWithin}
	go func() { _ = server.Serve(listener) }() // it ends with Close
	return func() { _ = server.Close() }, nil
}

func (p *plugin) ready(ctx context.Context, node *clusterNode) error {
	if !p.listed.Load() {
		return errors.New("the kubelet has not asked for the devices yet")
	}
	if p.counted.Load() {
		return nil
	}
	count, err := node.allocatable(ctx, p.options.resource())
	if err != nil {
		return err
	}
	if want := len(p.advertised()); count < want {
		return fmt.Errorf("the node counts %d of %d devices", count, want)
	}
	p.counted.Store(true)
	return nil
}
