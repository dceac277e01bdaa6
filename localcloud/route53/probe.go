package route53

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"newsfeed/localcloud/cloud"
)

// The limits of Route 53: to connect, to answer, and how far into a body a
// string is searched for.
const (
	connectTimeout = 4 * time.Second
	answerTimeout  = 2 * time.Second
	searched       = 5120
)

// prober returns the function that does one check of an endpoint.
func (s *Service) prober(r *cloud.Resource) (func(context.Context) error, error) {
	kind, search := strings.CutSuffix(r.String("type"), "_STR_MATCH")
	scheme := strings.ToLower(kind)
	host, fixed := r.String("fqdn"), r.String("ipAddress")
	if host == "" {
		host = fixed
	}
	if host == "" {
		return nil, fmt.Errorf("it has neither fqdn nor ipAddress")
	}
	port := strconv.Itoa(r.Int("port", map[string]int{"http": 80, "https": 443}[scheme]))
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return s.connect(ctx, host, fixed, port) }
	if kind == "TCP" {
		return func(ctx context.Context) error {
			conn, err := dial(ctx, "", "")
			if err == nil {
				conn.Close()
			}
			return err
		}, nil
	}
	settings := &tls.Config{InsecureSkipVerify: true} // as Route 53: it doesn't verify certificates
	if sni, given := r.Outputs["enableSni"].(bool); !given || sni {
		settings.ServerName = host
	}
	client := &http.Client{
		Timeout: connectTimeout + answerTimeout,
		Transport: &http.Transport{
			DialContext: dial, TLSClientConfig: settings, DisableKeepAlives: true, ResponseHeaderTimeout: answerTimeout,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	wanted := ""
	if search {
		wanted = r.String("searchString")
	}
	url := scheme + "://" + net.JoinHostPort(host, port) + "/" + strings.TrimPrefix(r.String("resourcePath"), "/")
	return func(ctx context.Context) error { return fetch(ctx, client, url, wanted) }, nil
}

// connect opens a connection to the first address of host, or to fixed.
func (s *Service) connect(ctx context.Context, host, fixed, port string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if fixed == "" {
		addrs, _, err := s.Resolver()(ctx, host)
		if err != nil {
			return nil, err
		}
		fixed = addrs[0].String()
	}
	if addr, err := netip.ParseAddr(fixed); err != nil || !addr.IsLoopback() {
		return nil, fmt.Errorf("%s: the local cloud connects to loopback addresses only", fixed)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(fixed, port))
}

// fetch passes for any 2xx or 3xx answer that holds wanted.
func fetch(ctx context.Context, client *http.Client, url, wanted string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "Amazon-Route53-Health-Check-Service")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 399 {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, searched))
	if err != nil && wanted != "" {
		return err
	}
	if !bytes.Contains(body, []byte(wanted)) {
		return fmt.Errorf("%s: its answer doesn't hold %q", url, wanted)
	}
	return nil
}
