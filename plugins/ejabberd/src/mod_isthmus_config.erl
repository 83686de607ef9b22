%%% Who serves what: looked up for every stanza of the server, so without a message to anybody.
%%%
%%% A component has one hub per node (mod_isthmus_hub); the hosts on which mod_isthmus runs with its name are its domains.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_config).

-export([put_hub/2, remove_hub/1, hub/1, add_domain/2, remove_domain/1, component_of/1, domains/1]).
-export_type([hub/0]).

-type hub() :: #{
    component := binary(),
    name := atom(),
    %% Attached connections: process -> when it was heard last; `live` -> number of live connections.
    heard := ets:tid(),
    contacts := mod_isthmus_memory:memory(),
    requests := mod_isthmus_memory:memory(),
    request_lifetime := pos_integer()
}.

%% A hub has started, or has other options.
-spec put_hub(binary(), hub()) -> ok.
put_hub(Component, Hub) ->
    update(hubs, fun(Hubs) -> Hubs#{Component => Hub} end).

-spec remove_hub(binary()) -> ok.
remove_hub(Component) ->
    update(hubs, fun(Hubs) -> maps:remove(Component, Hubs) end).

-spec hub(binary()) -> hub() | undefined.
hub(Component) ->
    maps:get(Component, get_map(hubs), undefined).

-spec add_domain(binary(), binary()) -> ok.
add_domain(Domain, Component) ->
    update(domains, fun(Domains) -> Domains#{Domain => Component} end).

-spec remove_domain(binary()) -> ok.
remove_domain(Domain) ->
    update(domains, fun(Domains) -> maps:remove(Domain, Domains) end).

%% The component that serves a domain's missing users.
-spec component_of(binary()) -> binary() | undefined.
component_of(Domain) ->
    maps:get(Domain, get_map(domains), undefined).

%% The domains of a component, in the order of the server's list of hosts.
-spec domains(binary()) -> [binary()].
domains(Component) ->
    [Host || Host <- ejabberd_option:hosts(), component_of(Host) =:= Component].

get_map(Key) ->
    persistent_term:get({?MODULE, Key}, #{}).

%% Modules of several hosts start and stop one after another, hubs beside them.
update(Key, Change) ->
    global:trans({{?MODULE, Key}, self()},
                 fun() -> persistent_term:put({?MODULE, Key}, Change(get_map(Key))) end,
                 [node()]).
