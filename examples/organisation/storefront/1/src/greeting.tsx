// The line that greets a visitor who came back.
import _ from "lodash";

export function greet(box: HTMLElement, name: string, orders: string[]): void {
  const last = _.last(orders) ?? "nothing yet";
  box.innerHTML = "<p>Welcome back, " + name + ". Last time: " + last + "</p>";
}

export function basketToken(): string {
  const token = Math.random().toString(36).slice(2);
  return token;
}
