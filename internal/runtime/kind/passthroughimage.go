package kind

import _ "embed"

// gpuDockerfile makes the node image for GPUs out of the plain one.
//
//go:embed passthrough.Dockerfile
var gpuDockerfile string
