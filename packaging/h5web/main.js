/**
 * Shows a file of the writer in H5Web: `/h5web/#/ID/NAME`, with the identifier of the file and its name for people.
 */

import '@h5web/app/styles.css';
import './style.css';

import { App, createBasicFetcher, H5GroveProvider } from '@h5web/app';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

const [, id = '', name = ''] = location.hash.split('/').map(decodeURIComponent);
document.title = `${name} – H5Web`;
const ask = createBasicFetcher();
const provider = {
    // Paths are relative, so that a proxy may serve the writer below a path of its own.
    url: new URL('../api/h5grove', location.href).href,
    filepath: name,
    fetcher: (url, parameters, options) => ask(url, { ...parameters, file: id }, options),
};
createRoot(document.getElementById('h5web')).render(createElement(H5GroveProvider, provider, createElement(App)));
window.addEventListener('hashchange', () => location.reload());
