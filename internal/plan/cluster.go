package plan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DefaultKubernetes is the version of a cluster whose profile names none.
const DefaultKubernetes = "1.36"

// nodeImages are the images that kind v0.33.0 was released with, by Kubernetes
// version (https://github.com/kubernetes-sigs/kind/releases/tag/v0.33.0).
func nodeImages() map[string]string {
	return map[string]string{
		"1.37": "docker.io/kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5",
		"1.36": "docker.io/kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed",
		"1.35": "docker.io/kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0",
		"1.34": "docker.io/kindest/node:v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d",
	}
}

// RecreateError says that the plan wants what only the creation of a cluster
// can decide.
type RecreateError struct {
	What, Is, Wanted string
}

func (e *RecreateError) Error() string {
	return fmt.Sprintf("the running cluster has %s %s, the profile wants %s: only a new cluster can have that; add --recreate (this deletes its data)",
		e.What, e.Is, e.Wanted)
}

// nodeImage is the image of nodes with that version of Kubernetes; "" is
// [DefaultKubernetes].
func nodeImage(kubernetes string) (string, error) {
	version := cmp.Or(strings.TrimPrefix(kubernetes, "v"), DefaultKubernetes)
	image, known := nodeImages()[version]
	if !known {
		return "", fmt.Errorf("cluster.kubernetes: no node image for %q; choose one of %s",
			version, strings.Join(slices.Sorted(maps.Keys(nodeImages())), ", "))
	}
	return image, nil
}

func (r *resolver) resolveCluster(context.Context) error {
	wanted := r.in.Profile.Cluster
	image, err := nodeImage(wanted.Kubernetes)
	if err != nil {
		return err
	}
	requested := image
	image, err = r.in.Substitute(image)
	if err != nil {
		return err
	}
	cluster := Cluster{Name: ClusterPrefix + r.in.Environment, Image: image, Nodes: max(wanted.Nodes, 1)}
	if made := r.in.Record.Cluster; made.Complete {
		if made.NodeImage != image {
			return &RecreateError{What: "nodes of", Is: made.NodeImage, Wanted: image}
		}
		if made.Nodes != cluster.Nodes {
			return &RecreateError{What: "nodes:", Is: fmt.Sprint(made.Nodes), Wanted: fmt.Sprint(cluster.Nodes)}
		}
	}
	r.ports, cluster.Ports, err = ports(r.in.Environment, r.wishes(), r.in.Record, r.in.Host)
	if err != nil {
		return err
	}
	r.plan.Cluster, r.plan.Ports = cluster, r.ports
	r.plan.Images = append(r.plan.Images, Image{Reference: image, Requested: different(requested, image), Node: true})
	return nil
}

// different returns the reference as it was asked for, where it became another.
func different(requested, reference string) string {
	if requested == reference {
		return ""
	}
	return requested
}
