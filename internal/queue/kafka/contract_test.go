package kafka

import "github.com/diorama-dev/diorama/internal/queue"

var (
	_ queue.Open     = Open
	_ queue.Source   = (*Client)(nil)
	_ queue.Peeker   = (*Client)(nil)
	_ queue.Producer = (*Client)(nil)
	_ queue.Creator  = (*Client)(nil)
	_ queue.Resetter = (*Client)(nil)
	_ queue.Dater    = (*Client)(nil)
)
