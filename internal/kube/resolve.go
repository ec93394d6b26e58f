package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// resolve finds the Pod and its port that serve a target.
func (c *Client) resolve(ctx context.Context, target Target) (diagnose.PodKey, int, error) {
	if target.Service == "" {
		return diagnose.PodKey{Namespace: target.Namespace, Name: target.Pod}, target.Port, nil
	}
	service, err := c.typed.CoreV1().Services(target.Namespace).Get(ctx, target.Service, metav1.GetOptions{})
	if err != nil {
		return diagnose.PodKey{}, 0, fmt.Errorf("read service %s: %w", target.Service, err)
	}
	if len(service.Spec.Selector) == 0 {
		return diagnose.PodKey{}, 0, fmt.Errorf("service %s selects no Pods", target.Service)
	}
	pods, err := c.typed.CoreV1().Pods(target.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: labels.SelectorFromSet(service.Spec.Selector).String(),
	})
	if err != nil {
		return diagnose.PodKey{}, 0, fmt.Errorf("list Pods of service %s: %w", target.Service, err)
	}
	for _, pod := range pods.Items {
		if pod.DeletionTimestamp == nil && isReady(&pod) {
			return diagnose.PodKey{Namespace: pod.Namespace, Name: pod.Name}, targetPort(service, &pod, target.Port), nil
		}
	}
	return diagnose.PodKey{}, 0, fmt.Errorf("no Pod of service %s is ready; `diorama explain %s` says why",
		target.Service, target.Service)
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// targetPort is the Pod's port behind a Service's port.
func targetPort(service *corev1.Service, pod *corev1.Pod, port int) int {
	for _, p := range service.Spec.Ports {
		if int(p.Port) != port {
			continue
		}
		if p.TargetPort.Type == intstr.Int && p.TargetPort.IntVal != 0 {
			return int(p.TargetPort.IntVal)
		}
		for _, container := range pod.Spec.Containers {
			for _, named := range container.Ports {
				if named.Name == p.TargetPort.StrVal {
					return int(named.ContainerPort)
				}
			}
		}
	}
	return port
}
