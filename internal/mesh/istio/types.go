package istio

// virtualService is what we read of networking.istio.io/v1 VirtualService
// (https://istio.io/latest/docs/reference/config/networking/virtual-service/).
type virtualService struct {
	Hosts    []string    `json:"hosts"`
	Gateways []string    `json:"gateways"`
	HTTP     []httpRoute `json:"http"`
	TCP      []tcpRoute  `json:"tcp"`
	TLS      []tcpRoute  `json:"tls"`
}

type httpRoute struct {
	Name     string             `json:"name"`
	Match    []httpMatch        `json:"match"`
	Route    []routeDestination `json:"route"`
	Fault    *httpFault         `json:"fault"`
	Timeout  string             `json:"timeout"`
	Retries  *httpRetry         `json:"retries"`
	Redirect map[string]any     `json:"redirect"`
	Direct   map[string]any     `json:"directResponse"`
	Delegate struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"delegate"`
}

type tcpRoute struct {
	Route []routeDestination `json:"route"`
}

type routeDestination struct {
	Destination struct {
		Host   string `json:"host"`
		Subset string `json:"subset"`
		Port   struct {
			Number int `json:"number"`
		} `json:"port"`
	} `json:"destination"`
	Weight int `json:"weight"`
}

type httpMatch struct {
	Name           string                 `json:"name"`
	URI            stringMatch            `json:"uri"`
	Scheme         stringMatch            `json:"scheme"`
	Method         stringMatch            `json:"method"`
	Authority      stringMatch            `json:"authority"`
	Headers        map[string]stringMatch `json:"headers"`
	WithoutHeaders map[string]stringMatch `json:"withoutHeaders"`
	QueryParams    map[string]stringMatch `json:"queryParams"`
	Port           int                    `json:"port"`
	SourceLabels   map[string]string      `json:"sourceLabels"`
	Gateways       []string               `json:"gateways"`
}

// stringMatch is how a text is compared; none set: that there is one.
type stringMatch struct {
	Exact  string `json:"exact"`
	Prefix string `json:"prefix"`
	Regex  string `json:"regex"`
}

type httpFault struct {
	Delay *struct {
		FixedDelay string `json:"fixedDelay"`
		percentage
	} `json:"delay"`
	Abort *struct {
		HTTPStatus int `json:"httpStatus"`
		percentage
	} `json:"abort"`
}

// percentage is how many requests; where none is given, none of them.
type percentage struct {
	Percentage *struct {
		Value float64 `json:"value"`
	} `json:"percentage"`
}

func (p percentage) value() float64 {
	if p.Percentage == nil {
		return 0
	}
	return p.Percentage.Value
}

type httpRetry struct {
	Attempts      int    `json:"attempts"`
	PerTryTimeout string `json:"perTryTimeout"`
	RetryOn       string `json:"retryOn"`
}

// destinationRule is what we read of networking.istio.io/v1 DestinationRule
// (https://istio.io/latest/docs/reference/config/networking/destination-rule/).
type destinationRule struct {
	Host          string        `json:"host"`
	TrafficPolicy trafficPolicy `json:"trafficPolicy"`
	Subsets       []subset      `json:"subsets"`
}

type subset struct {
	Name          string            `json:"name"`
	Labels        map[string]string `json:"labels"`
	TrafficPolicy *trafficPolicy    `json:"trafficPolicy"`
}

type trafficPolicy struct {
	ConnectionPool struct {
		TCP struct {
			MaxConnections int `json:"maxConnections"`
		} `json:"tcp"`
		HTTP struct {
			MaxPending int `json:"http1MaxPendingRequests"`
		} `json:"http"`
	} `json:"connectionPool"`
	OutlierDetection *outlierDetection `json:"outlierDetection"`
	LoadBalancer     struct {
		Simple         string         `json:"simple"`
		ConsistentHash map[string]any `json:"consistentHash"`
	} `json:"loadBalancer"`
	TLS struct {
		Mode string `json:"mode"`
	} `json:"tls"`
}

type outlierDetection struct {
	Consecutive5xx     *int   `json:"consecutive5xxErrors"`
	ConsecutiveGateway *int   `json:"consecutiveGatewayErrors"`
	Interval           string `json:"interval"`
	BaseEjectionTime   string `json:"baseEjectionTime"`
}

// peerAuthentication is what we read of security.istio.io/v1
// PeerAuthentication, and the selector of AuthorizationPolicy
// (https://istio.io/latest/docs/reference/config/security/peer_authentication/).
type peerAuthentication struct {
	Selector workloadSelector `json:"selector"`
	MTLS     struct {
		Mode string `json:"mode"`
	} `json:"mtls"`
	PortLevelMTLS map[string]any `json:"portLevelMtls"`
}

type workloadSelector struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

// gateway is what we read of networking.istio.io/v1 Gateway.
type gateway struct {
	Selector map[string]string `json:"selector"`
}

type serviceEntry struct {
	Hosts []string `json:"hosts"`
}

// kubeService is what we read of a Service of Kubernetes.
type kubeService struct {
	Type     string            `json:"type"`
	Selector map[string]string `json:"selector"`
	Ports    []servicePort     `json:"ports"`
}

type servicePort struct {
	Name        string `json:"name"`
	Port        int    `json:"port"`
	AppProtocol string `json:"appProtocol"`
	Protocol    string `json:"protocol"`
}

// status is what Istio says of an object of its, where it says something
// (https://istio.io/latest/docs/reference/config/meta/v1beta1/).
type status struct {
	Conditions []struct {
		Type    string `json:"type"`
		Status  string `json:"status"`
		Reason  string `json:"reason"`
		Message string `json:"message"`
	} `json:"conditions"`
	ValidationMessages []struct {
		Type struct {
			Name string `json:"name"`
			Code string `json:"code"`
		} `json:"type"`
		Level            string `json:"level"`
		DocumentationURL string `json:"documentationUrl"`
	} `json:"validationMessages"`
}
