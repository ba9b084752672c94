// Asks the server. The only place that fetches; the types come from the server's own document.
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Overview = Schemas["Overview"];
export type Experiment = Schemas["Experiment"];
export type Table = Schemas["Table"];
export type Run = Schemas["Run"];
export type Brief = Schemas["Brief"];
export type Status = Schemas["Status"];
export type Summary = Schemas["Summary"];
export type Curves = Schemas["Curves"];
export type Curve = Schemas["Curve"];
export type File = Schemas["File"];
export type Preview = Schemas["Preview"];
export type Report = Schemas["Report"];
export type Score = Schemas["Score"];
export type ReportItem = Schemas["Item"];
export type Model = Schemas["Model"];
export type ModelWithVersions = Schemas["ModelWithVersions"];
export type Real = Schemas["Real"];
export type SurveyItem = Schemas["SurveyItem"];
export type SurveyPage = Schemas["SurveyPage"];
export type Found = Schemas["Found"];
export type Judgement = Schemas["Judgement"];
export type Crater = Schemas["CraterPage"];
export type NewReview = Schemas["NewReview"];
export type Said = Schemas["Said"];
export type Belief = Schemas["Belief"];
export type Question = Schemas["Question"];
export type Estimated = Schemas["Estimated"];
export type Learnt = Schemas["Learnt"];

const prefix = "/api/fieldkit/v1";

/** Why there is no answer, in a sentence for the reader. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

type Query = Record<string, string | number | undefined>;

/** An address of the API. */
export function address(path: string, query: Query = {}): string {
  const said = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") said.set(key, String(value));
  }
  const text = said.toString();
  return prefix + path + (text ? `?${text}` : "");
}

const ask = <T>(path: string, query: Query = {}, signal?: AbortSignal) =>
  answered<T>(address(path, query), { signal });

const send = <T>(path: string, body: unknown, signal?: AbortSignal) =>
  answered<T>(address(path), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });

async function answered<T>(url: string, request: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url, request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("The server does not answer. Is `fieldkit serve` running?", 0);
  }
  const body: unknown = await answer.json().catch(() => undefined);
  if (answer.ok && body !== undefined) return body as T;
  const said = (body as { message?: string } | undefined)?.message;
  throw new Problem(said ?? `The server answered ${answer.status}.`, answer.status);
}

const part = encodeURIComponent;

export const overview = () => ask<Overview>("/overview");
export const experiments = () =>
  ask<Schemas["Experiments"]>("/experiments").then((answer) => answer.experiments);
export const runs = (query: { experiments?: string; filter?: string }, signal?: AbortSignal) =>
  ask<Table>("/runs", query, signal);
export const run = (id: string) => ask<Run>(`/runs/${part(id)}`);
export const compare = (ids: string[]) =>
  ask<Schemas["Compared"]>("/compare", { runs: ids.join(",") }).then((answer) => answer.runs);
export const curves = (query: { runs: string; keys?: string; points?: number; since?: string }) =>
  ask<Curves>("/curves", query);
export const folder = (id: string, path: string) =>
  ask<Schemas["Folder"]>(`/runs/${part(id)}/artifacts`, { path }).then((answer) => answer.entries);
export const preview = (id: string, path: string) =>
  ask<Preview>(`/runs/${part(id)}/artifacts/text`, { path });
export const report = (id: string) => ask<Report>(`/runs/${part(id)}/report`);
export const reports = () =>
  ask<Schemas["Reports"]>("/reports").then((answer) => answer.reports);
export const models = () => ask<Schemas["Models"]>("/models").then((answer) => answer.models);
export const model = (name: string) => ask<ModelWithVersions>(`/models/${part(name)}`);

export const surveys = () =>
  ask<Schemas["SurveyList"]>("/craters").then((answer) => answer.surveys);
export const survey = (name: string) => ask<SurveyPage>(`/craters/${part(name)}`);
export const craters = (name: string) => ask<Found>(`/craters/${part(name)}/craters`);
export const crater = (name: string, id: number) => ask<Crater>(`/craters/${part(name)}/craters/${id}`);
export const nextCraters = (name: string) => ask<Schemas["Next"]>(`/craters/${part(name)}/next`);
export const review = (name: string, review: NewReview) => send<Said>(`/craters/${part(name)}/reviews`, review);
export const estimateStart = (name: string) => ask<Schemas["Start"]>(`/craters/${part(name)}/estimate`);
export const estimate = (name: string, question: Question, signal?: AbortSignal) =>
  send<Estimated>(`/craters/${part(name)}/estimate`, question, signal);
export const tile = (name: string, z: number, x: number, y: number) =>
  address(`/craters/${part(name)}/tiles/${z}/${x}/${y}`);
export const surroundings = (name: string, id: number) =>
  address(`/craters/${part(name)}/craters/${id}/picture`);
export const exported = (name: string, file: string) =>
  address(`/craters/${part(name)}/exports/${part(file)}`);

/** The address of a run's file, to show it. */
export const file = (id: string, how: "image" | "page", path: string) =>
  address(`/runs/${part(id)}/artifacts/${how}`, { path });

/** The address of a run's file, to download it. */
export const download = (id: string, path: string) =>
  `/get-artifact?${new URLSearchParams({ run_id: id, path })}`;

/** The number that was meant; null where none was logged. */
export function real(value: Real | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
