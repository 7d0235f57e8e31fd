// The line that greets a visitor who came back.
import _ from "lodash";

export function greet(box: HTMLElement, name: string, orders: string[]): void {
  const last = _.last(orders) ?? "nothing yet";
  box.textContent = "Welcome back, " + name + ". Last time: " + last;
}

export function basketToken(): string {
  return crypto.randomUUID();
}
