package diorama

import (
	"time"
)

// Options say what environment is wanted. The zero value of every field is a
// sensible default.
type Options struct {
	// Profile is a profile's name or the path of its file; "" is the nearest
	// [ProfileFile], else [DefaultProfile].
	Profile string
	// Name is the environment's; "" is the profile's name.
	Name string
	// Runtime overrides the profile's: auto, kind, embedded and so on.
	Runtime string
	// Overlays are files with partial profiles, later ones over earlier ones.
	Overlays []string
	// Set are single values: "kafka.partitions=6".
	Set []string
	// Images is a file that substitutes images; "" is $DIORAMA_IMAGES, else
	// images.yaml in the user's configuration, where there is one.
	Images string
	// Timeout bounds the time to ready; 0 is 10 minutes.
	Timeout time.Duration
	// Offline forbids everything that would dial out.
	Offline bool
	// Recreate deletes the cluster with its data and makes it anew.
	Recreate bool
	// RecreateData allows deleting a volume with its data, where a change needs it.
	RecreateData bool
	// Strict makes it an error where the host cannot run a stack of the profile.
	Strict bool
	// AllowImitation lets imitations stand in for servers where nobody watches:
	// with CI=true and in tests.
	AllowImitation bool
	// MergeKubeconfig adds the cluster to the user's kubeconfig.
	MergeKubeconfig bool
	// Folder is the working folder, whose .diorama folder counts; "" is the
	// process's.
	Folder string
}

// defaultTimeout is generous: the first start pulls images.
const defaultTimeout = 10 * time.Minute

func (o Options) timeout() time.Duration {
	if o.Timeout == 0 {
		return defaultTimeout
	}
	return o.Timeout
}
