package diorama

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/logs/elastic"
	"github.com/diorama-dev/diorama/internal/logs/kql"
	"github.com/diorama-dev/diorama/internal/logs/logql"
	"github.com/diorama-dev/diorama/internal/logs/loki"
	"github.com/diorama-dev/diorama/internal/plan"
)

// language is a query language of log systems.
type language struct {
	name string
	// system is what answers it, by the name that a stack's `logs:` has.
	system string
	// open asks a system; an empty expression is for all lines.
	open func(url, expression string) (logs.Reader, error)
	// compile makes it a query of the lines that are kept here.
	compile func(expression string) (logs.Query, error)
}

// languages are those that there are; the last one is for what no other claims.
func languages() []language {
	return []language{
		{"LogQL", "loki", func(url, expression string) (logs.Reader, error) {
			if expression != "" && !strings.HasPrefix(strings.TrimSpace(expression), "{") {
				return nil, fmt.Errorf("a metric query counts lines, and here they are shown: begin with a selector such as {service=\"gateway\"}, or ask Loki itself at %s", url)
			}
			return loki.New(loki.Options{URL: url, Expr: expression}), nil
		}, logql.Compile},
		{"KQL", "elasticsearch", func(url, expression string) (logs.Reader, error) {
			return elastic.New(elastic.Options{URL: url, KQL: expression})
		}, func(expression string) (logs.Query, error) { return kql.Compile(expression, time.Now()) }},
	}
}

// logQL is how a query in LogQL begins: with the selector of its streams, in
// braces, or as a metric query with a function. One in KQL never does.
var logQL = regexp.MustCompile(`^\s*(\{|[a-z_]+\s*(\(|(by|without)\s*\())`)

func languageOf(expression string) language {
	all := languages()
	if logQL.MatchString(expression) {
		return all[0]
	}
	return all[len(all)-1]
}

// LogSystem is a system of the environment that keeps the lines of its
// services too.
type LogSystem struct {
	Name string // the stack's instance
	open func(expression string) (logs.Reader, error)
	kind string
}

// Open makes a reader of all lines that the system has. It does not connect.
func (s LogSystem) Open() (logs.Reader, error) { return s.open("") }

// LogSystems are those of an environment, from its records alone.
func LogSystems(name string) ([]LogSystem, error) {
	_, p, err := existing(name)
	if err != nil {
		return nil, err
	}
	var systems []LogSystem
	for _, stack := range p.Stacks {
		for _, l := range languages() {
			i := slices.IndexFunc(p.Endpoints, func(e plan.Endpoint) bool { return e.Stack == stack.Name && e.Name == "http" })
			if stack.Logs != l.system || i < 0 {
				continue
			}
			url := p.Endpoints[i].URL
			systems = append(systems, LogSystem{Name: stack.Name, kind: l.system, open: func(expression string) (logs.Reader, error) {
				return l.open(url, expression)
			}})
		}
	}
	return systems, nil
}

// LogAnswer is who answers a query.
type LogAnswer struct {
	// System is the instance that answers; empty: the lines that are kept here.
	System string
	Reader logs.Reader
	// Query is what to ask the reader beside the expression.
	Query logs.Query
	// All reads all lines of the same place: what stands around those found.
	All logs.Reader
}

// LogQuery says who answers a query in LogQL or KQL: the environment's own
// system for that language or, where it has none or local is set, the lines
// that are kept here, which know a part of each language.
func LogQuery(name, expression string, local bool) (LogAnswer, error) {
	l := languageOf(expression)
	if !local {
		systems, err := LogSystems(name)
		if _, gone := errors.AsType[*NoEnvironmentError](err); err != nil && !gone { // its lines may be kept still
			return LogAnswer{}, err
		}
		for _, s := range systems {
			if s.kind == l.system {
				return s.answer(expression)
			}
		}
	}
	reader, err := Logs(name)
	if err != nil {
		return LogAnswer{}, err
	}
	query, err := CompileLogQuery(expression)
	return LogAnswer{Reader: reader, Query: query, All: reader}, err
}

func (s LogSystem) answer(expression string) (LogAnswer, error) {
	reader, err := s.open(expression)
	if err != nil {
		return LogAnswer{}, usage(err)
	}
	all, err := s.Open()
	return LogAnswer{System: s.Name, Reader: reader, All: all}, err
}

// CompileLogQuery makes a query in LogQL or KQL one of the lines that are kept
// here. The error says what is wrong, or what only the language's own system
// can answer.
func CompileLogQuery(expression string) (logs.Query, error) {
	l := languageOf(expression)
	query, err := l.compile(expression)
	if err != nil {
		return query, usage(fmt.Errorf("the query is read as %s: %w", l.name, err))
	}
	return query, nil
}
