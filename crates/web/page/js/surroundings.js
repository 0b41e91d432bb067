// @ts-check
/**
 * What surrounds the scans: the sessions that are saved, what the writer needs, disks, Redis.
 */

import { element, fill, icon, matchChildren, setAttribute, setText } from './elements.js';
import { bytes, percent } from './format.js';
import { setTime } from './times.js';

/** @import { State } from './types.js' */

/** Bytes below which a disk is nearly full, as in the alerts of the project. */
const LITTLE_SPACE = 5e9;

/** Part of the memory of Redis above which it is nearly full. */
const MUCH_MEMORY = 0.9;

export class Surroundings {
    #sessions = element('ul', { class: 'facts' });
    #checks = element('ul', { class: 'facts' });
    #disks = element('ul', { class: 'facts' });
    #redis = element('ul', { class: 'facts' });
    element = element('aside', { class: 'surroundings', 'aria-label': 'Sessions, Redis and disks' },
        ...[['Checks', this.#checks], ['Sessions', this.#sessions], ['Redis', this.#redis], ['Disks', this.#disks]].map(
            ([heading, list]) => element('section', { class: 'panel' }, element('h2', {}, heading), list)));

    /** @param {State} state */
    update(state) {
        matchChildren(this.#sessions, state.sessions, session => session.name, makeFact,
            (child, { name, state: how, text, since }) => updateFact(child, { name, text: text || how, since, isOk: how !== 'waiting' }));
        if (state.sessions.length === 0 && this.#sessions.childElementCount === 0) {
            this.#sessions.append(element('li', { class: 'muted', 'data-key': 'none' }, 'No session is known yet.'));
        }
        const failing = state.checks.filter(check => !check.ok);
        const checks = failing.length > 0
            ? failing
            : [{ name: 'All is well', ok: true, since: null, text: state.checks.map(check => check.name).join(', ') }];
        matchChildren(this.#checks, checks, check => check.name, makeFact,
            (child, { name, text, since, ok }) => updateFact(child, { name, text, since, isOk: ok }));
        matchChildren(this.#disks, state.disks, disk => disk.path, makeFact, (child, { path, free_bytes: free }) =>
            updateFact(child, { name: path, text: `${bytes(free)} free`, since: null, isOk: free === null || free > LITTLE_SPACE }));
        if (state.disks.length === 0 && this.#disks.childElementCount === 0) {
            this.#disks.append(element('li', { class: 'muted', 'data-key': 'none' }, 'Looked at every 10 s, once a scan has a file.'));
        }
        matchChildren(this.#redis, [state.redis], () => 'redis', makeFact, (child, redis) => updateFact(child, factOfRedis(redis)));
    }
}

/** @typedef {{name: string, text: string, since: string | null, isOk: boolean}} Fact */

/**
 * @param {State['redis']} redis
 * @returns {Fact}
 */
function factOfRedis({ connected, since, used_bytes: used, limit_bytes: limit }) {
    if (!connected) {
        return { name: 'Not connected', text: '', since, isOk: false };
    }
    const isLimited = used !== null && limit !== null && limit > 0;
    const memory = isLimited ? `${bytes(used)} of ${bytes(limit)} used (${percent(used, limit)})` : used === null ? '' : `${bytes(used)} used`;
    return { name: 'Connected', text: memory, since, isOk: !isLimited || used / limit < MUCH_MEMORY };
}

function makeFact() {
    return element('li', {}, element('span', { class: 'fact-sign' }),
        element('div', {}, element('p', { class: 'fact-name' }), element('p', { class: 'fact-text' }), element('time', { class: 'muted' })));
}

/**
 * @param {HTMLElement} child
 * @param {Fact} fact
 */
function updateFact(child, { name, text, since, isOk }) {
    const [sign, block] = child.children;
    if (child.dataset.ok !== String(isOk)) {
        child.dataset.ok = String(isOk);
        fill(sign, icon(isOk ? 'good' : 'warning'), element('span', { class: 'visually-hidden' }, isOk ? 'Good: ' : 'Attention: '));
        setAttribute(child, 'class', isOk ? 'good' : 'warn');
    }
    const [nameLine, textLine, time] = block.children;
    setText(nameLine, name);
    setText(textLine, text);
    if (time instanceof HTMLElement) {
        time.hidden = since === null;
        if (since !== null) {
            setTime(time, since, 'since');
        }
    }
}
