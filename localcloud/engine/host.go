package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/common/constant"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"newsfeed/localcloud/order"
)

// host runs a program for the engine, behind a monitor: a compiled one itself,
// with the part of Pulumi's own language host for Go, which is no Go module and
// so not beside a CLI that was built from one; an inline one by way of the
// automation API's host.
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	rules
	program string // compiled, or
	inline  string // address of the automation API's host
	server  *grpc.Server
	address string
}

// rules are what a program is held to.
type rules struct {
	anyOrder bool  // even one that AWS would refuse
	watch    Watch // may be nil
}

func startHost(h *host) (*host, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h.server, h.address = grpc.NewServer(), l.Addr().String()
	pulumirpc.RegisterLanguageRuntimeServer(h.server, h)
	go h.server.Serve(l)
	return h, nil
}

// GetRequiredPlugins names none: the engine is told where its provider is.
func (h *host) GetRequiredPlugins(context.Context, *pulumirpc.GetRequiredPluginsRequest) (*pulumirpc.GetRequiredPluginsResponse, error) {
	return &pulumirpc.GetRequiredPluginsResponse{}, nil
}

// GetPluginInfo returns a version, which nobody asks more of.
func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

// Run starts the program and waits for it.
func (h *host) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	m := &monitor{project: req.GetProject(), stack: req.GetStack(), watch: h.watch}
	if !h.anyOrder {
		m.graph = &order.Graph{}
	}
	m, err := startMonitor(req.GetMonitorAddress(), m)
	if err != nil {
		return nil, err
	}
	defer m.close()
	req.MonitorAddress = m.address
	if h.inline == "" {
		return h.execute(ctx, req)
	}
	conn, err := grpc.NewClient(h.inline, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return pulumirpc.NewLanguageRuntimeClient(conn).Run(ctx, req)
}

// execute runs a compiled program. One that has told the engine its error by
// itself says so by its exit status.
func (h *host) execute(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	env, err := environment(req)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, h.program)
	cmd.Dir, cmd.Env = req.GetPwd(), append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) && failed.ExitCode() == constant.ExitStatusLoggedError {
		return &pulumirpc.RunResponse{Bail: true}, nil
	}
	if err != nil {
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("program: %v: %s", err, out)}, nil
	}
	return &pulumirpc.RunResponse{}, nil
}

// environment is how a Go program is told what it runs for.
func environment(req *pulumirpc.RunRequest) ([]string, error) {
	config, err := json.Marshal(req.GetConfig())
	if err != nil {
		return nil, err
	}
	secret, err := json.Marshal(req.GetConfigSecretKeys())
	if err != nil {
		return nil, err
	}
	if len(req.GetArgs()) == 0 {
		return nil, errors.New("the engine gave the program no address to report to")
	}
	return []string{
		pulumi.EnvOrganization + "=" + req.GetOrganization(),
		pulumi.EnvProject + "=" + req.GetProject(),
		pulumi.EnvPulumiRootDirectory + "=" + req.GetInfo().GetRootDirectory(),
		pulumi.EnvStack + "=" + req.GetStack(),
		pulumi.EnvConfig + "=" + string(config),
		pulumi.EnvConfigSecretKeys + "=" + string(secret),
		pulumi.EnvDryRun + "=" + strconv.FormatBool(req.GetDryRun()),
		pulumi.EnvParallel + "=" + strconv.Itoa(int(req.GetParallel())),
		pulumi.EnvMonitor + "=" + req.GetMonitorAddress(),
		pulumi.EnvEngine + "=" + req.GetArgs()[0],
	}, nil
}
