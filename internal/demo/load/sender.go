package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 16 << 10

// HTTP sends requests to a gateway.
type HTTP struct {
	url    string
	client *http.Client
	// renew is the share of requests that close their connection, from 0 to 1.
	// A Service balances connections, not requests: without it a gateway that
	// was added would never get any.
	renew float64
}

// NewHTTP returns a sender to the gateway at the URL.
func NewHTTP(gateway string) *HTTP {
	return &HTTP{
		url: strings.TrimRight(gateway, "/") + "/infer",
		client: &http.Client{
			Timeout: 15 * time.Second,
			Transport: &http.Transport{
				MaxIdleConns:        64,
				MaxIdleConnsPerHost: 64,
				IdleConnTimeout:     30 * time.Second,
			},
		},
		renew: 0.05,
	}
}

// Send makes one request and fails on any answer but 200.
func (h *HTTP) Send(ctx context.Context, r story.Request, t story.Trace) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask the gateway: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(story.TraceHeader, t.String())
	req.Close = rand.Float64() < h.renew
	resp, err := h.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the gateway: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the gateway's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the gateway answered %s: %s", resp.Status, bytes.TrimSpace(answer))
	}
	return nil
}
