package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/plan"
)

// rabbitmqRecipe runs RabbitMQ by its generic script. Debian's own wrapper
// leaves the broker running when it is told to end.
func rabbitmqRecipe() recipe {
	return recipe{
		kind: "rabbitmq", programs: []program{{name: "rabbitmq-server", refuse: wrapsRabbitMQ}},
		version: rabbitmqVersion, memory: 160 << 20,
		prepare: prepareRabbitMQ, companion: epmd, command: rabbitmqCommand, ready: rabbitmqReady,
		stop: sigterm, orphan: sigterm, grace: 15 * time.Second,
	}
}

// wrapsRabbitMQ reports whether the script is one that becomes another user.
func wrapsRabbitMQ(path string) bool {
	data, err := os.ReadFile(path)
	return err == nil && strings.Contains(string(data), "su rabbitmq")
}

// rabbitmqVersion is in the name of the folder: to ask the program would start
// it.
func rabbitmqVersion(_ context.Context, path string) string {
	if file, err := filepath.EvalSymlinks(path); err == nil {
		path = file
	}
	found := regexp.MustCompile(`rabbitmq_server-(\d+(\.\d+)*)`).FindStringSubmatch(path)
	if found == nil {
		return "RabbitMQ"
	}
	return "RabbitMQ " + found[1]
}

func prepareRabbitMQ(_ context.Context, j job) error {
	for _, name := range []string{"data", "home", "conf.d", "log"} {
		if err := os.MkdirAll(filepath.Join(j.folder, name), 0o700); err != nil {
			return fmt.Errorf("make the folders of %s: %w", j.Service, err)
		}
	}
	cookie := filepath.Join(j.folder, "home", ".erlang.cookie")
	if _, err := os.Stat(cookie); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(cookie, []byte(rand.Text()), 0o400); err != nil {
		return fmt.Errorf("make the cookie of %s: %w", j.Service, err)
	}
	return nil
}

// epmd is Erlang's port mapper, which knows where nodes are. Without one
// beside it RabbitMQ starts one that outlives it.
func epmd(j job) (companion, error) {
	path, err := exec.LookPath("epmd")
	if err != nil {
		return companion{}, fmt.Errorf("start %s: %w; it is part of Erlang", j.Service, err)
	}
	ports, err := freePorts(2)
	if err != nil {
		return companion{}, fmt.Errorf("start %s: %w", j.Service, err)
	}
	port := strconv.Itoa(ports[0])
	return companion{
		command: command{path: path, args: []string{"-address", plan.Localhost, "-port", port}},
		address: net.JoinHostPort(plan.Localhost, port),
		env:     []string{"ERL_EPMD_ADDRESS=" + plan.Localhost, "ERL_EPMD_PORT=" + port, "RABBITMQ_DIST_PORT=" + strconv.Itoa(ports[1])},
	}, nil
}

// freePorts are ports of this machine that nobody listens on.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		listener, err := net.Listen("tcp", plan.Localhost+":0") //nolint:noctx // closed at once
		if err != nil {
			return nil, err
		}
		defer listener.Close() // not before all are chosen
		if address, ok := listener.Addr().(*net.TCPAddr); ok {
			ports = append(ports, address.Port)
		}
	}
	return ports, nil
}

// rabbitmqCommand names every file and folder: those that it does not name,
// the script takes from the system's own.
func rabbitmqCommand(j job) (command, error) {
	settings, err := j.writeFile("rabbitmq.conf", rabbitmqSettings(j))
	if err != nil {
		return command{}, err
	}
	plugins, err := j.writeFile("enabled_plugins", "[rabbitmq_management].\n")
	in := func(name string) string { return filepath.Join(j.folder, name) }
	return command{path: j.Program, env: []string{
		"HOME=" + in("home"), "LANG=C.UTF-8", "ERL_CRASH_DUMP_SECONDS=0",
		"ERL_ZFLAGS=-start_epmd false", // a port mapper of its own would outlive it
		"RUNNING_UNDER_SYSTEMD=true",   // then the script becomes the broker, and signals reach it
		"RABBITMQ_NODENAME=rabbit@localhost", "RABBITMQ_CONF_ENV_FILE=" + in("none"),
		"RABBITMQ_CONFIG_FILE=" + settings, "RABBITMQ_CONFIG_FILES=" + in("conf.d"), "RABBITMQ_ADVANCED_CONFIG_FILE=" + in("none.config"),
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + plugins, "RABBITMQ_MNESIA_BASE=" + in("data"), "RABBITMQ_LOG_BASE=" + in("log"), "RABBITMQ_LOGS=-",
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
	}}, err
}

func rabbitmqSettings(j job) string {
	watermark, err := strconv.ParseInt(j.Settings["watermark"], 10, 64)
	if err != nil {
		watermark = 256 << 20
	}
	return strings.Join([]string{
		fmt.Sprintf("listeners.tcp.1 = 127.0.0.1:%d", j.Ports["amqp"]),
		"management.tcp.ip = 127.0.0.1", fmt.Sprintf("management.tcp.port = %d", j.Ports["management"]),
		"default_user = app", "default_pass = " + j.secrets["RABBITMQ_PASSWORD"],
		"log.console = true", "log.console.level = info", "log.file = false",
		fmt.Sprintf("vm_memory_high_watermark.absolute = %d", watermark), "disk_free_limit.absolute = 50MB",
	}, "\n") + "\n"
}

// rabbitmqReady waits until the broker answers the protocol's header with
// Connection.Start, class 10, method 10 (AMQP 0-9-1, 4.2.2). Listeners open
// last; afterwards it asks no more: the broker logs who does not go on.
func rabbitmqReady(ctx context.Context, j job) error {
	if j.answered {
		return nil
	}
	conn, err := dial(ctx, j.address("amqp"))
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("AMQP\x00\x00\x09\x01")); err != nil {
		return err
	}
	head := make([]byte, 11)
	if _, err := io.ReadFull(conn, head); err != nil {
		return fmt.Errorf("%w: %w", errStarting, err)
	}
	if head[0] != 1 || string(head[7:]) != "\x00\x0a\x00\x0a" {
		return errStarting
	}
	return nil
}
