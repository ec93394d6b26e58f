package env

// GPURecord is which of the machine's GPUs the nodes were made with, and how
// they were passed on.
type GPURecord struct {
	Way   string     `json:"way,omitempty"`
	MIG   string     `json:"mig,omitempty"` // the device plugin's strategy
	Nodes []NodeGPUs `json:"nodes,omitempty"`
}

// NodeGPUs are the GPUs of the node of an index, the control plane's being 0.
type NodeGPUs struct {
	Node    int         `json:"node"`
	All     bool        `json:"all,omitempty"` // whatever the machine has
	Devices []DeviceGPU `json:"devices"`
}

// DeviceGPU is a GPU of a node, and the MIG devices that were passed on in its
// place.
type DeviceGPU struct {
	UUID  string   `json:"uuid"`
	Minor int      `json:"minor"`
	Model string   `json:"model,omitempty"`
	Parts []string `json:"parts,omitempty"`
}
