package recommender

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

	"github.com/diorama-dev/diorama/internal/demo/model"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 16 << 10

// Client asks a recommender. It is safe for concurrent use.
type Client struct {
	url    string
	client *http.Client
	// renew is the share of requests that close their connection, from 0 to 1:
	// where no mesh balances requests, a Service balances connections, and each
	// version is to get some.
	renew float64
}

// NewClient returns one that asks the recommender at the URL.
func NewClient(url string) *Client {
	return &Client{
		url: strings.TrimRight(url, "/"), renew: 0.5,
		client: &http.Client{Transport: &http.Transport{
			MaxIdleConns: 64, MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second,
		}},
	}
}

// Predict asks for a prediction. How long it took is as the asker saw it.
func (c *Client) Predict(ctx context.Context, q story.Question) (model.Prediction, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return model.Prediction{}, fmt.Errorf("encode the question: %w", err)
	}
	start := time.Now()
	var a Answer
	if err := c.ask(ctx, http.MethodPost, PredictPath, body, q.Carried, &a); err != nil {
		return model.Prediction{}, err
	}
	if a.Model == "" || a.Score < 0 || a.Score > 1 {
		return model.Prediction{}, fmt.Errorf("the recommender answered the model %.60q and the score %v: expected a name, and 0 to 1", a.Model, a.Score)
	}
	return model.Prediction{Model: a.Model, Score: a.Score, Took: time.Since(start), About: a.About}, nil
}

// About asks who answers.
func (c *Client) About(ctx context.Context, carried story.Carried) (story.About, error) {
	var a story.About
	err := c.ask(ctx, http.MethodGet, AboutPath, nil, carried, &a)
	return a, err
}

func (c *Client) ask(ctx context.Context, method, path string, body []byte, carried story.Carried, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask the recommender: %w", err)
	}
	carried.Put(req.Header)
	req.Header.Set("Content-Type", "application/json")
	req.Close = rand.Float64() < c.renew
	resp, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the recommender: %w", err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the recommender's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the recommender answered %s: %s", resp.Status, bytes.TrimSpace(said))
	}
	if err := json.Unmarshal(said, answer); err != nil {
		return fmt.Errorf("read the recommender's answer: %w", err)
	}
	return nil
}
