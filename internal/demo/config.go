package demo

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/control"
	"github.com/diorama-dev/diorama/internal/demo/model"
	"github.com/diorama-dev/diorama/internal/demo/recommender"
)

// Config is all that can be set, and the environment is where it is set.
type Config struct {
	Kafka    []string // KAFKA_BOOTSTRAP_SERVERS: host:port, separated by commas
	Redis    string   // REDIS_URL
	Postgres string   // POSTGRES_URL
	// Listen is where the role's HTTP side listens: DEMO_LISTEN.
	Listen string
	// Gateway is the URL that the load generator asks: DEMO_GATEWAY_URL.
	Gateway string
	// Rate is in requests a second: DEMO_RATE.
	Rate float64
	// Model is the pretend model: DEMO_MODEL_LATENCY is its median,
	// DEMO_MODEL_SPREAD, DEMO_MODEL_STRAGGLERS and DEMO_MODEL_FAILURES the rest.
	Model model.Model
	Served
	// Delay holds each event of a consumer up: DEMO_DELAY.
	Delay time.Duration
	// Session is how long a consumer that was killed keeps its partitions:
	// DEMO_SESSION. Kafka allows six seconds and more.
	Session time.Duration
	// FeatureTTL is how long features stay in the cache: DEMO_FEATURE_TTL.
	FeatureTTL time.Duration
	// Retention is how long rows stay in the database: DEMO_RETENTION.
	Retention time.Duration
	// Drain is how long a gateway goes on accepting when it is to end: DEMO_DRAIN.
	Drain time.Duration
	// Connections is the most to PostgreSQL: DEMO_POSTGRES_CONNECTIONS.
	Connections int
	// Level is the least that is logged: DEMO_LOG_LEVEL.
	Level slog.Level
}

// LoadConfig reads the role's configuration from the environment. An error
// names every variable that is not valid, and what would be.
func LoadConfig(role Role, getenv func(string) string) (Config, error) {
	v := &variables{getenv: getenv}
	c := Config{
		Kafka:    v.servers("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092"),
		Redis:    v.text("REDIS_URL", "redis://127.0.0.1:6379/0"),
		Postgres: v.text("POSTGRES_URL", "postgres://app:app@127.0.0.1:5432/app?sslmode=disable"),
		Listen:   v.address("DEMO_LISTEN", fmt.Sprintf(":%d", role.Port())),
		Gateway:  v.text("DEMO_GATEWAY_URL", fmt.Sprintf("http://127.0.0.1:%d", Gateway.Port())),
		Rate:     v.number("DEMO_RATE", 5, control.MaxRate),
		Model: model.Model{
			Latency: model.Latency{
				Median:     v.duration("DEMO_MODEL_LATENCY", 40*time.Millisecond, time.Minute),
				Spread:     v.number("DEMO_MODEL_SPREAD", 0.4, 3),
				Stragglers: v.number("DEMO_MODEL_STRAGGLERS", 0.01, 1),
			},
			Failures: v.number("DEMO_MODEL_FAILURES", 0.002, 1),
		},
		Delay:       v.duration("DEMO_DELAY", 0, control.MaxSlow),
		Session:     v.duration("DEMO_SESSION", 10*time.Second, time.Minute),
		FeatureTTL:  v.duration("DEMO_FEATURE_TTL", 10*time.Minute, 24*time.Hour),
		Retention:   v.duration("DEMO_RETENTION", 24*time.Hour, 365*24*time.Hour),
		Drain:       v.duration("DEMO_DRAIN", 2*time.Second, time.Minute),
		Connections: int(v.number("DEMO_POSTGRES_CONNECTIONS", 8, 1000)),
		Level:       v.level("DEMO_LOG_LEVEL", slog.LevelInfo),
	}
	c.Served, c.Model.Next = v.served(), role == Recommender && v.text("DEMO_VERSION", firstVersion) != firstVersion
	c.Slow = v.duration("DEMO_SLOW", 4*c.Model.Latency.Median, time.Hour)
	if err := errors.Join(v.errs...); err != nil {
		return Config{}, fmt.Errorf("read the environment: %w", err)
	}
	return c, nil
}

// Served is where the pretend model runs, and what it runs on.
type Served struct {
	// Slow is the latency that is warned of: DEMO_SLOW, four medians by default.
	Slow time.Duration
	// URL is where the gateway asks for predictions: DEMO_RECOMMENDER_URL. It is
	// empty where the model runs inside of the gateway: DEMO_RECOMMENDER=inside.
	URL string
	// Version is that of a recommender: DEMO_VERSION. Any but v1 is the model's
	// next generation.
	Version string
	// GPU is what a recommender was given; see [recommender.GPU].
	GPU string
	// Alone has the gateway do without Kafka, Redis and PostgreSQL:
	// DEMO_BACKENDS=memory.
	Alone bool
}

const firstVersion = "v1"

func (v *variables) served() Served {
	r := Served{
		URL: v.text("DEMO_RECOMMENDER_URL", ""), Version: v.text("DEMO_VERSION", firstVersion), GPU: recommender.GPU(v.getenv),
		Alone: v.word("DEMO_BACKENDS", "servers", "memory") == "memory",
	}
	if v.word("DEMO_RECOMMENDER", "served", "inside") == "inside" {
		r.URL = ""
	}
	return r
}

// word is one of the words, the first where nothing is said.
func (v *variables) word(name string, words ...string) string {
	s := v.text(name, words[0])
	if !slices.Contains(words, s) {
		v.wrong(name, s, strings.Join(words, " or "))
	}
	return s
}

// variables reads typed variables and keeps what was wrong with them.
type variables struct {
	getenv func(string) string
	errs   []error
}

func (v *variables) wrong(name, value, expected string) {
	v.errs = append(v.errs, fmt.Errorf("%s=%.60q: expected %s", name, value, expected))
}

func (v *variables) text(name, byDefault string) string {
	if s := strings.TrimSpace(v.getenv(name)); s != "" {
		return s
	}
	return byDefault
}

func (v *variables) servers(name, byDefault string) []string {
	var servers []string
	for s := range strings.SplitSeq(v.text(name, byDefault), ",") {
		s = strings.TrimSpace(s)
		if _, _, err := net.SplitHostPort(s); err != nil {
			v.wrong(name, s, "host:port, or several separated by commas")
		}
		servers = append(servers, s)
	}
	return servers
}

func (v *variables) address(name, byDefault string) string {
	s := v.text(name, byDefault)
	if _, _, err := net.SplitHostPort(s); err != nil {
		v.wrong(name, s, "host:port, for example :8080")
	}
	return s
}

func (v *variables) number(name string, byDefault, most float64) float64 {
	s := v.text(name, "")
	if s == "" {
		return byDefault
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n >= 0 && n <= most) { // NaN is neither
		v.wrong(name, s, fmt.Sprintf("a number from 0 to %v", most))
	}
	return n
}

func (v *variables) duration(name string, byDefault, most time.Duration) time.Duration {
	s := v.text(name, "")
	if s == "" {
		return byDefault
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > most {
		v.wrong(name, s, fmt.Sprintf("a duration from 0s to %s, for example 40ms", most))
	}
	return d
}

func (v *variables) level(name string, byDefault slog.Level) slog.Level {
	level := byDefault
	if s := v.text(name, ""); s != "" && level.UnmarshalText([]byte(s)) != nil {
		v.wrong(name, s, "debug, info, warn or error")
	}
	return level
}
