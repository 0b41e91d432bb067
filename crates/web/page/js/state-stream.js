// @ts-check
/**
 * Receives the state of the writer: by a stream of events while the page is seen, otherwise by a question every 10 s, since a
 * browser has only six connections to a server, for all of its tabs. Recovers by itself.
 */

import { ApiError, getState } from './api.js';

/** @import { State } from './types.js' */

/**
 * How the page is connected.
 * - `connecting`: nothing has been received yet.
 * - `live`: each change comes at once.
 * - `asking`: the server has no place for another stream, the page asks every 10 s.
 * - `lost`: what is shown is old.
 * - `locked`: the server asks for its token.
 * @typedef {'connecting' | 'live' | 'asking' | 'lost' | 'locked'} Connection
 */

/** Milliseconds between two questions. */
const ASK_PERIOD = 10_000;

/** Milliseconds of silence after which the server is asked whether it is there. An idle stream is silent, too. */
const SILENCE_LIMIT = 30_000;

/** Milliseconds within which a stream has to bring the first state. */
const OPEN_LIMIT = 10_000;

/** Milliseconds until a stream is opened again that has ended, so that one that always ends does not keep the writer busy. */
const REOPEN_DELAY = 500;

/** Milliseconds until the first and between later attempts to connect again. */
const FIRST_RETRY = 1000;
const LONGEST_RETRY = 5000;

export class StateStream {
    /** @type {EventSource | null} */
    #source = null;
    #timer = 0;
    #retry = FIRST_RETRY;
    /** Answers to questions of an earlier attempt are ignored. */
    #attempt = 0;
    #onState;
    #onConnection;

    /**
     * @param {(state: State) => void} onState
     * @param {(connection: Connection) => void} onConnection
     */
    constructor(onState, onConnection) {
        this.#onState = onState;
        this.#onConnection = onConnection;
        document.addEventListener('visibilitychange', () => this.connect());
    }

    /** Connects, or connects again. */
    connect() {
        this.#stop();
        if (document.hidden) {
            this.#ask();
        } else {
            this.#listen();
        }
    }

    #stop() {
        this.#attempt += 1;
        this.#source?.close();
        this.#source = null;
        clearTimeout(this.#timer);
    }

    /**
     * @param {() => void} action
     * @param {number} delay
     */
    #after(delay, action) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(action, delay);
    }

    #listen() {
        let hasReceived = false;
        const source = new EventSource('api/v1/events');
        this.#source = source;
        const isThere = () => this.#after(SILENCE_LIMIT, () => this.#ask(true));
        this.#after(OPEN_LIMIT, () => this.#ask(true));
        source.addEventListener('state', event => {
            hasReceived = true;
            isThere();
            this.#receive(JSON.parse(event.data), 'live');
        });
        source.addEventListener('error', () => {
            this.#stop();
            // A stream that was never opened was refused; the state can be asked for all the same.
            this.#after(hasReceived ? 0 : 200, () => this.#ask(hasReceived));
        });
    }

    /** @param {boolean} [mayListen] whether the stream is tried again soon after there is an answer */
    async #ask(mayListen = false) {
        const attempt = this.#attempt;
        try {
            const state = await getState();
            if (attempt !== this.#attempt) {
                return;
            }
            this.#receive(state, document.hidden || mayListen ? 'live' : 'asking');
            this.#after(mayListen ? REOPEN_DELAY : ASK_PERIOD, () => this.connect());
        } catch (error) {
            if (attempt !== this.#attempt) {
                return;
            }
            const isLocked = error instanceof ApiError && error.status === 401;
            this.#onConnection(isLocked ? 'locked' : 'lost');
            if (!isLocked) {
                this.#after(this.#retry, () => this.#ask(!document.hidden));
                this.#retry = Math.min(this.#retry * 1.5, LONGEST_RETRY);
            }
        }
    }

    /**
     * @param {State} state
     * @param {Connection} connection
     */
    #receive(state, connection) {
        this.#retry = FIRST_RETRY;
        this.#onState(state);
        this.#onConnection(connection);
    }
}
