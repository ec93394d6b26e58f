package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10

// SetRate makes the load generator at baseURL (the demo's endpoint "load")
// send perSecond requests a second, and returns what it does now.
func SetRate(ctx context.Context, baseURL string, perSecond float64) (LoadState, error) {
	var s LoadState
	err := send(ctx, http.MethodPut, baseURL, RatePath, Rate{PerSecond: perSecond}, &s)
	return s, err
}

// Spike makes the load generator at baseURL send factor times its rate for a
// while, after which it returns to its rate by itself.
func Spike(ctx context.Context, baseURL string, factor float64, length time.Duration) (LoadState, error) {
	var s LoadState
	err := send(ctx, http.MethodPost, baseURL, SpikePath, Surge{Factor: factor, For: Duration(length)}, &s)
	return s, err
}

// Slow makes the consumer at baseURL (the demo's endpoint "billing") take
// delay longer over each event, so that its lag grows; 0 ends it.
func Slow(ctx context.Context, baseURL string, delay time.Duration) error {
	return send(ctx, http.MethodPut, baseURL, SlowPath, Delay{Delay: Duration(delay)}, &Delay{})
}

// State asks the load generator at baseURL what it does.
func State(ctx context.Context, baseURL string) (LoadState, error) {
	var s LoadState
	err := exchange(ctx, http.MethodGet, baseURL, RatePath, http.NoBody, &s)
	return s, err
}

// send validates v before it bothers the network with it.
func send(ctx context.Context, method, baseURL, path string, v interface{ Validate() error }, answer any) error {
	if err := v.Validate(); err != nil {
		return err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	return exchange(ctx, method, baseURL, path, bytes.NewReader(b), answer)
}

func exchange(ctx context.Context, method, baseURL, path string, body io.Reader, answer any) error {
	url := strings.TrimRight(baseURL, "/") + path
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return fmt.Errorf("ask the demo: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask the demo: %w; is the demo running? `diorama status` says", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the demo's answer from %s: %w", url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return refusal(url, resp.Status, b)
	}
	if err := json.Unmarshal(b, answer); err != nil {
		return fmt.Errorf("read the demo's answer from %s: %w", url, err)
	}
	return nil
}

// refusal is the demo's own words where it gave any.
func refusal(url, status string, body []byte) error {
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &said) == nil && said.Error != "" {
		return fmt.Errorf("the demo refused: %s (%s)", said.Error, url)
	}
	return fmt.Errorf("%s answered %s: something other than the demo may be listening there", url, status)
}
